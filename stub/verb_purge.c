#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "stub/execute.h"
#include "stub/lock.h"
#include "stub/paths.h"
#include "stub/prepare.h"

/* The operator's own words, from the terminal and from nowhere else. */
static int ask(const char *question, char *answer, size_t cap, struct kb_err *err)
{
	kb_autoclose int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	size_t len = 0;
	int rc;

	if (tty < 0)
		return kb_err_set(err, KB_E_USAGE,
				  "purge destroys data; without a terminal say "
				  "--destroy-data=HOSTNAME");
	if ((rc = kb_write_full(tty, question, strlen(question), err)) < 0)
		return rc;
	while (len + 1 < cap && read(tty, answer + len, 1) == 1 && answer[len] != '\n')
		len++;
	answer[len] = '\0';
	return 0;
}

static int confirm(const struct kb_scene *scene, const char *given, struct kb_err *err)
{
	const char *name = scene->target.self->name;
	kb_autofree char *question =
		kb_format("This destroys all data of %s on %s. Credentials stay.\nType the name "
			  "of the host to go on: ",
			  scene->m->role, name);
	char answer[128];
	int rc = 0;

	if (!given && (rc = ask(question, answer, sizeof(answer), err)) < 0)
		return rc;
	if (strcmp(given ? given : answer, name) == 0)
		return 0;
	return kb_err_set(err, KB_E_TARGET, "this host is %s, not \"%s\"; nothing was destroyed",
			  name, given ? given : answer);
}

static int check_exempt(const struct kb_scene *scene, struct kb_err *err)
{
	if (!kb_execute_has(scene->m, KB_PHASE_PURGE))
		return kb_err_set(err, KB_E_INVALID, "%s has no purge steps", scene->m->role);
	if (strcmp(scene->target.self->role, "orchestrator") == 0)
		return kb_err_set(err, KB_E_TARGET,
				  "%s is the orchestrator, which holds the site's credentials; it "
				  "is never purged",
				  scene->target.self->name);
	return 0;
}

/* Before the first byte of data goes, forget what was done: an install after a
 * purge that was cut off must do everything anew. */
static int forget(struct kb_scene *scene, struct kb_err *err)
{
	static const char *const records[] = {KB_NAME_JOURNAL, KB_NAME_RECORD};

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		if (unlinkat(scene->state.role, records[i], 0) < 0 && errno != ENOENT)
			return kb_err_errno(err, KB_E_IO, "remove the %s", records[i]);
	return fsync(scene->state.role) < 0 ? kb_err_errno(err, KB_E_IO, "sync state") : 0;
}

/* The rollback record stays: what was destroyed does not make an old release
 * acceptable again. */
static int remove_state(struct kb_scene *scene, struct kb_err *err)
{
	kb_autoclose int run = -1;
	int rc = kb_path_remove_tree(scene->state.base, scene->m->role, err);

	if (rc == 0 && kb_path_open_dir(scene->rootfd, KB_PATH_RUN, NULL, &run, NULL) == 0)
		rc = kb_path_remove_tree(run, scene->m->role, err);
	return rc;
}

static int purge(struct kb_scene *scene, struct kb_err *err)
{
	int rc;

	kb_report_say(scene->report, "purge of %s on %s", scene->m->role, scene->target.self->name);
	if ((rc = kb_statedir_make(scene->rootfd, scene->m->role, &scene->state, err)) < 0 ||
	    (rc = kb_prepare_payload(scene, err)) < 0 || (rc = forget(scene, err)) < 0 ||
	    (rc = kb_execute_phase(scene, KB_PHASE_PURGE, false, err)) < 0)
		return rc;
	return remove_state(scene, err);
}

static int open_scene(struct kb_run *run, struct kb_bundle *bundle, struct kb_scene *scene,
		      struct kb_err *err)
{
	kb_autoproblems struct kb_problems problems = KB_PROBLEMS_INIT;
	int rc = kb_scene_open(run, bundle, "purge", scene, &problems, err);

	kb_problems_print(&problems);
	return rc < 0 ? rc : kb_problems_result(&problems, err);
}

static int run(struct kb_run *run_, struct kb_args *args, struct kb_err *err)
{
	const char *given = kb_args_option(args, "destroy-data", 0, NULL);
	struct kb_scene scene = {.state = KB_STATEDIR_INIT};
	struct kb_bundle *bundle = NULL;
	kb_autounlock int lock = -1;
	int rc = kb_source_open(run_, args, &bundle, err);

	if (rc == 0 && (rc = kb_lock_take(run_->rootfd, &lock, err)) < 0)
		kb_bundle_close(bundle);
	if (rc < 0)
		return rc;
	if ((rc = open_scene(run_, bundle, &scene, err)) == 0 &&
	    (rc = check_exempt(&scene, err)) == 0 && (rc = confirm(&scene, given, err)) == 0) {
		kb_report_set_log(scene.report, run_->log, scene.m->role, "purge");
		rc = purge(&scene, err);
	}
	if (rc == 0 && !run_->json)
		printf("%s on %s: purged\n", scene.m->role, scene.target.self->name);
	kb_scene_close(&scene);
	return rc;
}

const struct kb_verb kb_verb_purge = {
	.name = "purge",
	.summary = "remove the role from this host WITH ITS DATA; keeps credentials",
	.usage = "purge [--destroy-data=HOSTNAME] [--inventory FILE] [--host NAME]",
	.help = "Asks for the host's name to be typed, or takes it from --destroy-data. Never\n"
		"runs on the orchestrator.\n",
	.needs_root = true,
	.acts = true,
	.run = run,
};
