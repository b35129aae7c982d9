#include "stub/upgrade.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/format.h"
#include "stub/audit.h"
#include "stub/paths.h"
#include "stub/undo.h"

/* The record of the release to go back to; state NONE when there is none. */
static int read_before(const struct kb_scene *scene, struct kb_outcome *ret_before,
		       struct kb_err *err)
{
	kb_autoclose int fd = kb_undo_open(scene->state.role, KB_NAME_UPGRADE);

	return kb_outcome_read(fd, ret_before, err);
}

static bool is_whole(const struct kb_outcome *o)
{
	return o->state == KB_OUTCOME_INSTALLED || o->state == KB_OUTCOME_PENDING;
}

/* A record of what is installed, from one folder to another; none is none. */
static int copy_record(int from, int to, const char *name, struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	struct kb_err found;
	int rc = kb_file_read_at(from, name, KB_HEADER_LEN + KB_MANIFEST_MAX, &bytes, &found);

	if (rc == KB_E_MISSING)
		return 0;
	if (rc < 0)
		return kb_err_set(err, rc, "%s", found.text);
	if ((rc = kb_newfile_open_at(&nf, to, name, 0600, err)) < 0 ||
	    (rc = kb_write_full(nf.fd, bytes.data, bytes.len, err)) < 0)
		return rc;
	return kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
}

static int copy_records(int from, int to, struct kb_err *err)
{
	int rc = copy_record(from, to, KB_NAME_MANIFEST, err);

	return rc < 0 ? rc : copy_record(from, to, KB_NAME_PLACED, err);
}

static int begin(struct kb_scene *scene, const struct kb_outcome *old, struct kb_err *err)
{
	int statefd = scene->state.role, rc;
	kb_autoclose int fd = -1;

	if ((rc = kb_undo_forget(statefd, KB_NAME_UPGRADE, err)) < 0 ||
	    (rc = kb_path_make_at(statefd, KB_NAME_UPGRADE, 0700, NULL, &fd, NULL, err)) < 0 ||
	    (rc = copy_records(statefd, fd, err)) < 0)
		return rc;
	return kb_outcome_copy(fd, old, err);
}

int kb_upgrade_begin(struct kb_scene *scene, const struct kb_outcome *old, bool changes,
		     struct kb_err *err)
{
	bool same = strcmp(old->manifest, kb_digest_hex(scene->release)) == 0;
	kb_autooutcome struct kb_outcome before = {.state = KB_OUTCOME_NONE};
	int rc = 0;

	scene->upgrade = false;
	if (is_whole(old) && !same && changes) {
		rc = begin(scene, old, err);
		scene->upgrade = rc == 0;
	} else if (!is_whole(old)) {
		rc = read_before(scene, &before, err);
		scene->upgrade = rc == 0 && before.state != KB_OUTCOME_NONE;
	}
	return rc < 0 ? kb_err_wrap(err, "begin the upgrade") : 0;
}

int kb_upgrade_end(struct kb_scene *scene, struct kb_err *err)
{
	scene->upgrade = false;
	return kb_undo_forget(scene->state.role, KB_NAME_UPGRADE, err);
}

/* What the new release did is not what runs now: it is done again with the next
 * attempt, scripts as well. */
static int mark_steps(struct kb_scene *scene, const struct kb_plan *plan, struct kb_err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->n; i++) {
		const struct kb_plan_item *item = &plan->items[i];
		const struct kb_record *last = kb_journal_last(scene->journal, item->step->id);

		if (last && memcmp(last->release, scene->release->b, sizeof(last->release)) == 0 &&
		    last->state != KB_RECORD_FAIL)
			rc = kb_journal_append(scene->journal, KB_RECORD_FAIL, item->step->id,
					       &item->input, scene->release, err);
	}
	return rc;
}

int kb_upgrade_back(struct kb_scene *scene, const struct kb_plan *plan, const char *failure,
		    struct kb_err *err)
{
	kb_autooutcome struct kb_outcome before = {.state = KB_OUTCOME_NONE};
	kb_autoclose int fd = kb_undo_open(scene->state.role, KB_NAME_UPGRADE);
	struct kb_digest older;
	int rc = kb_outcome_read(fd, &before, err);

	if (rc < 0)
		return rc;
	kb_report_say(scene->report, "putting back %s %s", scene->m->role, before.version);
	if ((rc = mark_steps(scene, plan, err)) < 0 ||
	    (rc = kb_undo_all(scene->report, scene->rootfd, scene->state.role, KB_NAME_UPGRADE,
			      false, NULL, NULL, err)) < 0 ||
	    (rc = copy_records(fd, scene->state.role, err)) < 0)
		return rc;
	if (kb_digest_parse(before.manifest, &older) &&
	    (rc = kb_floor_stay(&scene->state, scene->m->role, &older, err)) < 0)
		return rc;
	free(before.failure);
	before.failure = kb_format("upgrade to %s: %s", scene->m->version, failure);
	if ((rc = kb_outcome_write(scene->state.role, &before, err)) < 0)
		return rc;
	return kb_upgrade_end(scene, err);
}
