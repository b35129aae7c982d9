#include "stub/dropped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/dir.h"
#include "core/name.h"
#include "stub/paths.h"
#include "stub/undo_record.h"

struct kb_dropped {
	struct kb_undo_log log; /* without what this release brings */
	enum kb_undo_action *actions;
};

static bool is_path_of(const struct kb_step *step, const char *path)
{
	size_t len = strlen(path);

	if (step->kind == KB_STEP_UNIT)
		return strncmp(path, KB_PATH_UNITS "/", sizeof(KB_PATH_UNITS)) == 0 &&
		       strcmp(path + sizeof(KB_PATH_UNITS), step->target) == 0;
	/* itself, or a folder on the way to it */
	return strncmp(step->target, path, len) == 0 &&
	       (step->target[len] == '\0' || step->target[len] == '/');
}

static bool is_wanted(const struct kb_manifest *m, const char *path)
{
	for (size_t i = 0; i < m->n_steps; i++)
		if (m->steps[i].phase == KB_PHASE_INSTALL && is_path_of(&m->steps[i], path))
			return true;
	return false;
}

/* 1 when another role's log has PATH. */
static int is_claimed(const struct kb_scene *scene, const char *path, struct kb_err *err)
{
	kb_autofree char *name = kb_undo_name(path);
	kb_autodir DIR *dir = NULL;
	const char *role;
	int rc = kb_dir_open(scene->state.base, ".", &dir, err);

	if (rc < 0)
		return rc;
	while ((rc = kb_dir_next(dir, &role, err)) > 0) {
		kb_autofree char *record = kb_format("%s/" KB_NAME_UNDO "/%s", role, name);

		if (kb_name_check_id(role, NULL) == 0 && strcmp(role, scene->m->role) != 0 &&
		    faccessat(scene->state.base, record, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return 1;
	}
	return rc;
}

/* U, which stands at the log's end or behind it, becomes its last one. */
static void move_to(struct kb_undo_log *log, struct kb_undo *u)
{
	if (&log->at[log->n] != u)
		log->at[log->n] = *u;
	log->n++;
}

/* Leave in LOG what this release does not bring. */
static int narrow(const struct kb_scene *scene, struct kb_undo_log *log, struct kb_err *err)
{
	size_t n = log->n;
	int rc = 0;

	log->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct kb_undo *u = &log->at[i];
		bool ours = false;

		if (rc >= 0 && !is_wanted(scene->m, u->path)) {
			rc = is_claimed(scene, u->path, err);
			ours = rc == 0;
		}
		if (ours)
			move_to(log, u);
		else
			kb_undo_free_one(u);
	}
	return rc < 0 ? rc : 0;
}

static int read_dropped(const struct kb_scene *scene, struct kb_undo_log *ret_log,
			struct kb_err *err)
{
	int rc = kb_undo_read(scene->state.role, KB_NAME_UNDO, ret_log, err);

	if (rc == 0 && (rc = narrow(scene, ret_log, err)) < 0)
		kb_undo_free(ret_log);
	return rc;
}

static bool acts(enum kb_undo_action action)
{
	return action != KB_UNDO_NOTHING && action != KB_UNDO_KEEP;
}

/* Somebody who changed a file wants it; only a unit would go on running. */
static bool is_theirs(const struct kb_undo *u, enum kb_undo_action action)
{
	return action == KB_UNDO_ASIDE && !u->unit;
}

/* What becomes of each; 1 when there is something to do. */
static int judge(const struct kb_scene *scene, struct kb_dropped *d, struct kb_err *err)
{
	kb_autoclose int logfd = kb_undo_open(scene->state.role, KB_NAME_UNDO);
	size_t n = d->log.n;
	int rc = 0, any = 0;

	d->actions = kb_alloc(n, sizeof(*d->actions));
	d->log.n = 0;
	for (size_t i = 0; i < n; i++) {
		struct kb_undo *u = &d->log.at[i];
		enum kb_undo_action action = KB_UNDO_NOTHING;

		if (rc == 0)
			rc = kb_undo_judge(scene->rootfd, logfd, &d->log, u, &action, err);
		if (rc < 0 || is_theirs(u, action)) {
			kb_undo_free_one(u);
			continue;
		}
		any |= acts(action);
		d->actions[d->log.n] = action;
		move_to(&d->log, u);
	}
	return rc < 0 ? rc : any;
}

int kb_dropped_find(struct kb_scene *scene, struct kb_dropped **ret_dropped, struct kb_err *err)
{
	struct kb_dropped *d;
	int rc;

	*ret_dropped = NULL;
	if (scene->state.role < 0)
		return 0;
	d = kb_alloc(1, sizeof(*d));
	if ((rc = read_dropped(scene, &d->log, err)) == 0)
		rc = judge(scene, d, err);
	if (rc > 0)
		*ret_dropped = d;
	else
		kb_dropped_free(d);
	return rc < 0 ? kb_err_wrap(err, "what releases before left") : 0;
}

void kb_dropped_free(struct kb_dropped *d)
{
	if (!d)
		return;
	kb_undo_free(&d->log);
	free(d->actions);
	free(d);
}

bool kb_dropped_at(const struct kb_dropped *d, size_t i, const char **ret_action,
		   const char **ret_kind, const char **ret_path)
{
	for (size_t at = 0; d && at < d->log.n; at++) {
		const struct kb_undo *u = &d->log.at[at];

		if (!acts(d->actions[at]) || i-- > 0)
			continue;
		*ret_action = kb_undo_action_name(d->actions[at]);
		*ret_kind = u->unit ? "unit" : u->n_puts ? "file" : "directory";
		*ret_path = u->path;
		return true;
	}
	return false;
}

int kb_dropped_remove(struct kb_scene *scene, const struct kb_dropped *d, struct kb_err *err)
{
	kb_autoclose int logfd = kb_undo_open(scene->state.role, KB_NAME_UNDO);
	int rc = 0;

	if (!d)
		return 0;
	for (size_t i = 0; rc == 0 && scene->upgrade && i < d->log.n; i++)
		rc = kb_undo_note_dropped(scene, KB_NAME_UPGRADE, &d->log.at[i], err);
	if (rc == 0)
		rc = kb_undo_back(scene->report, scene->rootfd, logfd, &d->log, true, NULL, NULL,
				  err);
	return rc < 0 ? kb_err_wrap(err, "remove what this release does not bring") : 0;
}

static int forget_one(int logfd, const char *path, struct kb_err *err)
{
	kb_autofree char *name = kb_undo_name(path), *was = kb_format("%s.was", name);

	if ((unlinkat(logfd, was, 0) < 0 && errno != ENOENT) ||
	    (unlinkat(logfd, name, 0) < 0 && errno != ENOENT))
		return kb_err_errno(err, KB_E_IO, "undo record of %s", path);
	return 0;
}

int kb_dropped_forget(struct kb_scene *scene, struct kb_err *err)
{
	kb_autoclose int logfd = kb_undo_open(scene->state.role, KB_NAME_UNDO);
	struct kb_undo_log log;
	bool any = false;
	int rc;

	if (logfd < 0)
		return errno == ENOENT ? 0 : kb_err_errno(err, KB_E_IO, "undo log");
	if ((rc = read_dropped(scene, &log, err)) < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < log.n; i++) {
		enum kb_undo_action action;

		rc = kb_undo_judge(scene->rootfd, logfd, &log, &log.at[i], &action, err);
		if (rc < 0 || (action != KB_UNDO_NOTHING && !is_theirs(&log.at[i], action)))
			continue;
		rc = forget_one(logfd, log.at[i].path, err);
		any = true;
	}
	kb_undo_free(&log);
	if (rc == 0 && any && fsync(logfd) < 0)
		rc = kb_err_errno(err, KB_E_IO, "sync the undo log");
	return rc;
}
