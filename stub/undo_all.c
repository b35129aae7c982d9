#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "stub/paths.h"
#include "stub/undo.h"
#include "stub/units.h"

enum { DO_TIMEOUT = 900 };

/* One run through a log. */
struct back {
	struct kb_report *report;
	int rootfd, logfd;
	const struct kb_undo_log *log;
	kb_undo_told told;
	void *ctx;
};

static void tell(const struct back *b, enum kb_undo_action action, const char *path,
		 const char *why)
{
	kb_report_note(b->report, "%s %s: %s", kb_undo_action_name(action), path, why);
	if (b->told)
		b->told(b->ctx, action, path, why);
}

const char *kb_undo_why(const struct kb_undo *u, enum kb_undo_action action)
{
	if (action == KB_UNDO_ASIDE)
		return "it was changed by somebody else: kept as .kept beside it";
	if (action == KB_UNDO_KEEP)
		return u->keep ? "the service's own" : "something is in it";
	return action == KB_UNDO_RESTORE ? "as it was before" : "this role put it there";
}

/* A unit nobody knows needs no stopping. */
static int stop_unit(const struct back *b, const struct kb_undo *u, struct kb_err *err)
{
	struct kb_unit_state state;
	int rc = kb_unit_show(u->unit, &state, err);

	if (rc < 0 || !state.loaded)
		return rc;
	if (strcmp(state.active, "inactive") != 0 &&
	    (rc = kb_unit_do(b->report, u->unit, "stop", u->unit, DO_TIMEOUT, err)) < 0)
		return rc;
	if (!u->enabled && state.enabled)
		rc = kb_unit_do(b->report, u->unit, "disable", u->unit, DO_TIMEOUT, err);
	if (rc == 0)
		tell(b, KB_UNDO_REMOVE, u->unit, "stopped");
	return rc;
}

static int stop_units(const struct back *b, struct kb_err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->log->n; i++)
		if (b->log->at[i].unit)
			rc = stop_unit(b, &b->log->at[i], err);
	return rc;
}

/* From the end: what is in a folder before the folder. Folders that were there
 * come first, so that they have their mode when something is put into them. */
static int put_back(const struct back *b, struct kb_err *err)
{
	int made = 0;

	for (size_t i = 0; made == 0 && i < b->log->n; i++)
		made = kb_undo_remake(b->rootfd, b->log, &b->log->at[i], err);
	if (made < 0)
		return made;
	for (size_t i = b->log->n; i > 0; i--) {
		const struct kb_undo *u = &b->log->at[i - 1];
		enum kb_undo_action action;
		int rc = kb_undo_apply(b->rootfd, b->logfd, b->log, u, &action, err);

		if (rc < 0)
			return rc;
		if (action != KB_UNDO_NOTHING)
			tell(b, action, u->path, kb_undo_why(u, action));
	}
	return 0;
}

/* As it ran before: with the text that stands there again. */
static int start_unit(const struct back *b, const struct kb_undo *u, struct kb_err *err)
{
	int rc = 0;

	if (u->was == KB_UNDO_ABSENT)
		return 0;
	if (u->enabled)
		rc = kb_unit_do(b->report, u->unit, "enable", u->unit, DO_TIMEOUT, err);
	if (rc == 0 && u->active)
		rc = kb_unit_do(b->report, u->unit, "restart", u->unit, DO_TIMEOUT, err);
	if (rc == 0 && u->active)
		tell(b, KB_UNDO_RESTORE, u->unit, "started again as before");
	return rc;
}

static int start_units(const struct back *b, struct kb_err *err)
{
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < b->log->n; i++)
		any = any || b->log->at[i].unit;
	if (any)
		rc = kb_unit_do(b->report, "units", "daemon-reload", NULL, DO_TIMEOUT, err);
	for (size_t i = 0; rc == 0 && i < b->log->n; i++)
		if (b->log->at[i].unit)
			rc = start_unit(b, &b->log->at[i], err);
	return rc;
}

/* Links that systemctl made or removed are not synced by it. */
static int sync_units(const struct back *b, struct kb_err *err)
{
	kb_autoclose int fd = -1;
	int rc = kb_path_open_dir(b->rootfd, KB_PATH_UNITS, NULL, &fd, err);

	if (rc == 0 && syncfs(fd) < 0)
		rc = kb_err_errno(err, KB_E_IO, "sync " KB_PATH_UNITS);
	return rc;
}

/* A service that the log does not name was not there before and came with
 * this release: it is stopped like all that were absent. */
static int stop_new(const struct back *b, struct kb_err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->log->n; i++)
		if (b->log->at[i].unit && b->log->at[i].was == KB_UNDO_ABSENT)
			rc = stop_unit(b, &b->log->at[i], err);
	return rc;
}

int kb_undo_back(struct kb_report *report, int rootfd, int logfd, const struct kb_undo_log *log,
		 bool stop_first, kb_undo_told told, void *ctx, struct kb_err *err)
{
	const struct back b = {report, rootfd, logfd, log, told, ctx};
	int rc;

	if (!log->n)
		return 0;
	if ((rc = stop_first ? stop_units(&b, err) : stop_new(&b, err)) < 0 ||
	    (rc = put_back(&b, err)) < 0 || (rc = start_units(&b, err)) < 0)
		return rc;
	return sync_units(&b, err);
}

int kb_undo_all(struct kb_report *report, int rootfd, int statefd, const char *name,
		bool stop_first, kb_undo_told told, void *ctx, struct kb_err *err)
{
	kb_autoclose int logfd = kb_undo_open(statefd, name);
	struct kb_undo_log log;
	int rc = kb_undo_read(statefd, name, &log, err);

	if (rc < 0)
		return rc;
	rc = kb_undo_back(report, rootfd, logfd, &log, stop_first, told, ctx, err);
	kb_undo_free(&log);
	return rc;
}
