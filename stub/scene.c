#include "stub/scene.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/day.h"
#include "core/mem.h"
#include "stub/downgrade.h"
#include "stub/paths.h"
#include "stub/signals.h"

/* Owners that the role's signed steps give to folders and files: a service may
 * own the folder its own configuration is put into. */
static void collect_owners(struct kb_scene *scene)
{
	const struct kb_manifest *m = scene->m;

	scene->uids = kb_alloc(m->n_steps, sizeof(*scene->uids));
	for (size_t i = 0; i < m->n_steps; i++)
		if ((m->steps[i].kind == KB_STEP_DIRECTORY || m->steps[i].kind == KB_STEP_VOLUME) &&
		    m->steps[i].uid)
			scene->uids[scene->owners.n++] = m->steps[i].uid;
	scene->owners.uids = scene->uids;
}

/* An older release needs a permission, unless it is on this host by one. */
static int check_release(struct kb_scene *scene, struct kb_err *err)
{
	const struct kb_host *self = scene->target.self;
	int rc = kb_floor_check_release(&scene->floor, scene->m, scene->release, err);

	if (rc != KB_E_ROLLBACK || !scene->run->downgrade)
		return rc;
	rc = kb_downgrade_take(scene->run, scene->m, scene->release, self ? self->name : NULL,
			       scene->now, &scene->floor, err);
	return rc < 0 ? rc : kb_floor_check_release(&scene->floor, scene->m, scene->release, err);
}

static void check_floor(struct kb_scene *scene, struct kb_problems *problems)
{
	const struct kb_floor *floor = &scene->floor;
	char date[32];
	struct kb_err err;

	kb_problems_take(problems, check_release(scene, &err), &err);
	kb_problems_take(problems, kb_floor_check_channel(floor, scene->m, &err), &err);
	kb_problems_take(problems, kb_floor_check_time(floor, scene->m, scene->now, &err), &err);
	if (scene->now >= floor->date)
		return;
	kb_day_format(floor->date, date);
	kb_report_warn(scene->report,
		       "this host's clock is before %s, when a release it has was "
		       "signed; set the clock",
		       date);
}

/* Without its journal a host is only surer: every step is compared, and every
 * script runs again. So the way out of a damaged one is simple to say. */
static void read_journal(struct kb_scene *scene, struct kb_problems *problems)
{
	struct kb_err err;
	int rc = kb_journal_open(scene->state.role, scene->m->role, scene->boot, &scene->journal,
				 &err);

	if (rc == KB_E_STATE)
		kb_problems_add(problems, rc,
				"%s; move " KB_PATH_STATE "/%s/" KB_NAME_JOURNAL
				" away and install again: every step will be compared, every "
				"script run once more",
				err.text, scene->m->role);
	else
		kb_problems_take(problems, rc, &err);
}

/* What stood here before. A record that is damaged is a reason to stop, but
 * not to hide the other reasons. */
static void read_state(struct kb_scene *scene, struct kb_problems *problems)
{
	struct kb_err err;

	if (kb_problems_take(problems,
			     kb_statedir_open(scene->rootfd, scene->m->role, &scene->state, &err),
			     &err) < 0)
		return;
	if (kb_problems_take(problems,
			     kb_floor_read(&scene->state, scene->m->role, &scene->floor, &err),
			     &err) == 0)
		check_floor(scene, problems);
	if (kb_problems_take(problems, kb_boot_id_read(scene->boot, &err), &err) == 0)
		read_journal(scene, problems);
}

/* Programs get no credentials, so a check goes on without them; but what is
 * there is hidden from its output. */
static void read_credentials(struct kb_scene *scene, struct kb_problems *problems)
{
	bool needed = strcmp(scene->verb, "install") == 0 || strcmp(scene->verb, "plan") == 0;
	kb_autoproblems struct kb_problems ignored = KB_PROBLEMS_INIT;

	kb_credentials_load(scene->run->credentials, scene->m, &scene->credentials,
			    needed ? problems : &ignored);
	kb_credentials_hide(scene->credentials, scene->m, scene->report->redact);
}

int kb_scene_open(struct kb_run *run, struct kb_bundle *bundle, const char *verb,
		  struct kb_scene *ret_scene, struct kb_problems *problems, struct kb_err *err)
{
	struct kb_scene *scene = ret_scene;
	size_t before;

	memset(scene, 0, sizeof(*scene));
	scene->run = run;
	scene->report = &run->report;
	scene->rootfd = run->rootfd;
	scene->bundle = bundle;
	scene->m = kb_bundle_manifest(bundle);
	scene->release = kb_bundle_id(bundle);
	scene->now = (uint64_t)time(NULL);
	scene->verb = verb;
	scene->state = (struct kb_statedir)KB_STATEDIR_INIT;
	collect_owners(scene);
	kb_target_check(run, bundle, &scene->target, problems);
	read_state(scene, problems);
	before = problems->n;
	read_credentials(scene, problems);
	if (scene->target.self && problems->n == before)
		scene->context = kb_context_new(scene->m, scene->target.inventory,
						scene->target.self, scene->credentials);
	return kb_signals_check(err);
}

void kb_scene_close(struct kb_scene *scene)
{
	kb_engine_close(scene->engine);
	kb_journal_close(scene->journal);
	kb_statedir_close(&scene->state);
	kb_value_free(scene->context);
	kb_credentials_free(scene->credentials);
	kb_target_free(&scene->target);
	kb_bundle_close(scene->bundle);
	free(scene->uids);
	free(scene->payload_path);
	free(scene->context_path);
	memset(scene, 0, sizeof(*scene));
	scene->state = (struct kb_statedir)KB_STATEDIR_INIT;
}
