#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "stub/paths.h"
#include "stub/step.h"
#include "stub/units.h"

enum {
	UNIT_MODE = 0644,
	DO_TIMEOUT = 900, /* a database may take its time to stop */
	AWAIT_TIMEOUT = 120,
};

static struct kb_place place_of(const char *path)
{
	return (struct kb_place){.path = path, .mode = UNIT_MODE, .uid = 0, .gid = 0};
}

static int compare_text(struct kb_scene *scene, struct kb_plan_item *item, const char *path,
			struct kb_err *err)
{
	struct kb_place place = place_of(path);
	struct kb_digest content;
	int rc;

	kb_digest_of(item->content.data, item->content.len, &content);
	rc = kb_place_compare(scene, &place, &content, item->content.len, false, item, err);
	item->path = KB_PATH_UNITS;
	item->text_differs = rc == 0 && item->action != KB_ACTION_KEEP;
	return rc;
}

static void set_digests(struct kb_plan_item *item, const struct kb_plan *plan)
{
	struct kb_step_digest d;

	kb_step_digest_begin(&d, item->step);
	kb_step_digest_add(&d, item->content.data, item->content.len);
	kb_step_digest_watched(&d, plan, item->step);
	kb_step_digest_end(&d, &item->input);
	item->result = item->input;
}

/* The first of these that holds says what is done. Text that differs comes
 * first because it shows; what makes the restart happen also after a cut
 * between writing and restarting is the journal: the last thing this unit was
 * started with is not this input. */
static void decide(struct kb_scene *scene, const struct kb_plan *plan, struct kb_plan_item *item,
		   const struct kb_unit_state *state)
{
	const struct kb_step *step = item->step;
	const char *changed = kb_step_watched_change(scene, plan, step);
	bool started_with_this = kb_step_is_done(scene, item);

	item->reload = item->text_differs || state->need_reload;
	item->enable = !state->enabled;
	item->restart = item->text_differs || !started_with_this || changed;
	if (item->text_differs && item->action == KB_ACTION_ADD)
		kb_step_decide(item, KB_ACTION_ADD, "%s", step->target);
	else if (item->text_differs)
		kb_step_decide(item, KB_ACTION_CHANGE, "%s: its text changes", step->target);
	else if (!kb_unit_is_up(state))
		kb_step_decide(item, KB_ACTION_START, "%s is %s", step->target, state->active);
	else if (!started_with_this)
		kb_step_decide(item, KB_ACTION_RESTART, "%s was started with something else",
			       step->target);
	else if (changed)
		kb_step_decide(item, KB_ACTION_RESTART, "%s: %s changes", step->target, changed);
	else if (item->enable || item->reload)
		kb_step_decide(item, KB_ACTION_CHANGE, "%s: %s", step->target,
			       item->enable ? "not enabled" : "systemd read an older text");
	else
		kb_step_decide(item, KB_ACTION_KEEP, "%s", step->target);
}

static int inspect(struct kb_scene *scene, const struct kb_plan *plan, struct kb_plan_item *item,
		   struct kb_err *err)
{
	kb_autofree char *path = kb_format(KB_PATH_UNITS "/%s", item->step->target);
	struct kb_unit_state state = {.active = "unknown"};
	int rc;

	if ((rc = kb_step_render(scene, item, UNIT_MODE, err)) < 0 ||
	    (rc = compare_text(scene, item, path, err)) < 0)
		return rc;
	set_digests(item, plan);
	if (scene->systemd && (rc = kb_unit_show(item->step->target, &state, err)) < 0)
		return rc;
	decide(scene, plan, item, &state);
	return 0;
}

/* Links made by systemctl enable are not synced by it. */
static int sync_units(struct kb_scene *scene, struct kb_err *err)
{
	kb_autoclose int fd = -1;
	int rc = kb_path_open_dir(scene->rootfd, KB_PATH_UNITS, NULL, &fd, err);

	if (rc == 0 && syncfs(fd) < 0)
		rc = kb_err_errno(err, KB_E_IO, "sync " KB_PATH_UNITS);
	return rc;
}

static int prepare(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	kb_autofree char *path = kb_format(KB_PATH_UNITS "/%s", item->step->target);
	struct kb_place place = place_of(path);
	const struct kb_step *step = item->step;
	int rc = 0;

	if (item->text_differs)
		rc = kb_place_write(scene, &place, item->content.data, item->content.len, err);
	if (rc == 0 && item->reload)
		rc = kb_unit_do(scene->report, step->id, "daemon-reload", NULL, DO_TIMEOUT, err);
	if (rc == 0 && item->enable)
		rc = kb_unit_do(scene->report, step->id, "enable", step->target, DO_TIMEOUT, err);
	return rc;
}

/* A unit that was only not enabled goes on running. */
static int bring_up(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	const char *name = item->step->target, *id = item->step->id;
	struct kb_unit_state state;
	int rc = kb_unit_show(name, &state, err);

	if (rc < 0)
		return rc;
	if (strcmp(state.active, "failed") == 0) /* or its start limit stops the start */
		kb_unit_do(scene->report, id, "reset-failed", name, DO_TIMEOUT, NULL);
	if (!kb_unit_is_up(&state))
		rc = kb_unit_do(scene->report, id, "start", name, DO_TIMEOUT, err);
	else if (item->restart)
		rc = kb_unit_do(scene->report, id, "restart", name, DO_TIMEOUT, err);
	return rc < 0 ? rc : kb_unit_await(name, AWAIT_TIMEOUT, err);
}

static int apply(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	int rc = prepare(scene, item, err);

	if (rc < 0)
		return rc;
	if ((rc = bring_up(scene, item, err)) < 0) {
		if (rc != KB_E_INTERRUPTED)
			kb_unit_show_log(scene->report, item->step->id, item->step->target);
		return rc;
	}
	return sync_units(scene, err);
}

const struct kb_step_ops kb_step_unit = {.inspect = inspect, .apply = apply};
