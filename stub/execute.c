#include "stub/execute.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/proc.h"
#include "stub/signals.h"
#include "stub/step.h"
#include "stub/undo.h"

/* One JSON line about a step that acted. */
static void tell_json(struct kb_scene *scene, const struct kb_plan_item *item, const char *result,
		      uint64_t ms)
{
	kb_autobuf struct kb_buf line = KB_BUF_INIT;
	struct kb_json j;

	kb_json_init(&j, &line);
	kb_json_object(&j);
	kb_json_key_text(&j, "step", item->step->id);
	kb_json_key_text(&j, "kind", kb_step_kind_name(item->step->kind));
	kb_json_key_text(&j, "action", kb_action_name(item->action));
	kb_json_key_text(&j, "result", result);
	if (item->outcome && *item->outcome)
		kb_json_key_text(&j, "found", item->outcome);
	kb_json_key_u64(&j, "ms", ms);
	kb_json_object_end(&j);
	kb_json_finish(&j);
	kb_report_json(scene->report, &line);
}

static const char *result_name(int rc)
{
	if (rc == KB_STEP_IS_PENDING)
		return "pending";
	if (rc == KB_E_INTERRUPTED)
		return "interrupted";
	return rc < 0 ? "failed" : "done";
}

/* Run the item's own code, announced and timed. */
static int act(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	const struct kb_step *step = item->step;
	uint64_t start = kb_monotonic_ms(), ms;
	int rc;

	/* a check has one line, when its answer is known */
	(step->kind == KB_STEP_CHECK ? kb_report_note : kb_report_say)(
		scene->report, "%s %s %s: %s", kb_action_name(item->action),
		kb_step_kind_name(step->kind), step->id, item->reason);
	rc = kb_step_ops(step->kind)->apply(scene, item, err);
	ms = kb_monotonic_ms() - start;
	kb_report_note(scene->report, "%s: %s after %llu ms%s%s", step->id, result_name(rc),
		       (unsigned long long)ms, rc < 0 && err ? ": " : "",
		       rc < 0 && err ? err->text : "");
	tell_json(scene, item, result_name(rc), ms);
	return rc < 0 ? kb_err_wrap(err, "step %s", step->id) : rc;
}

/* Conditions that are only asked, and scripts of every install that run with
 * what they ran with before, leave nothing half-done: they are recorded when
 * the answer is a new one. So a second install writes nothing. */
static bool is_only_asked(const struct kb_plan_item *item)
{
	return item->step->kind == KB_STEP_WAIT || !item->acts;
}

static bool is_news(const struct kb_scene *scene, const struct kb_plan_item *item,
		    enum kb_record_state state)
{
	const struct kb_record *last = kb_journal_last(scene->journal, item->step->id);

	return !last || last->state != state || !kb_digest_eq(&last->input, &item->input);
}

static int record(struct kb_scene *scene, const struct kb_plan_item *item,
		  enum kb_record_state state, struct kb_err *err)
{
	return kb_journal_append(scene->journal, state, item->step->id, &item->input,
				 scene->release, err);
}

static int record_result(struct kb_scene *scene, const struct kb_plan_item *item, int rc,
			 bool only_asked, struct kb_err *err)
{
	enum kb_record_state state = rc < 0                     ? KB_RECORD_FAIL
				     : rc == KB_STEP_IS_PENDING ? KB_RECORD_PENDING
								: KB_RECORD_DONE;

	if (only_asked && !is_news(scene, item, state))
		return 0;
	return record(scene, item, state, err);
}

/* What stands there now, before it is changed. */
static int remember(struct kb_scene *scene, const struct kb_plan_item *item, struct kb_err *err)
{
	int rc = kb_undo_note(scene, KB_NAME_UNDO, item, err);

	if (rc == 0 && scene->upgrade)
		rc = kb_undo_note(scene, KB_NAME_UPGRADE, item, err);
	return rc;
}

static int install_step(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	bool only_asked = is_only_asked(item);
	int rc = kb_signals_check(err), recorded;

	if (rc < 0)
		return rc;
	if (!only_asked && (rc = record(scene, item, KB_RECORD_BEGIN, err)) < 0)
		return rc;
	if ((rc = remember(scene, item, err)) == 0)
		rc = act(scene, item, err);
	/* interrupted is neither: begun and not done, so it is done again */
	if (rc == KB_E_INTERRUPTED)
		return rc;
	recorded = record_result(scene, item, rc, only_asked, rc < 0 ? NULL : err);
	return rc < 0 ? rc : recorded < 0 ? recorded : rc;
}

/* What an interrupted run put in its place, it may not have made durable. It
 * stands there and is right, so it is not done again; but before the journal
 * may call it done, the file system it is on is flushed. */
static bool is_unsettled(const struct kb_scene *scene, const struct kb_plan_item *item)
{
	const struct kb_record *last = kb_journal_last(scene->journal, item->step->id);

	return last && (last->state == KB_RECORD_BEGIN || last->state == KB_RECORD_FAIL);
}

static int settle(struct kb_scene *scene, const struct kb_plan_item *item, struct kb_err *err)
{
	kb_autoclose int dirfd = -1;
	const char *name;
	int rc = 0;

	if (!item->path)
		sync(); /* an engine's or a package manager's folders; it reports nothing */
	else if ((rc = kb_path_open_parent(scene->rootfd, item->path, &scene->owners, &dirfd, &name,
					   err)) == 0 &&
		 syncfs(dirfd) < 0)
		rc = kb_err_errno(err, KB_E_IO, "flush the file system of %s", item->path);
	return rc < 0 ? rc : record(scene, item, KB_RECORD_DONE, err);
}

int kb_execute_install(struct kb_scene *scene, struct kb_plan *plan, struct kb_outcome *outcome,
		       struct kb_err *err)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct kb_plan_item *item = &plan->items[i];
		int rc;

		if (item->action == KB_ACTION_KEEP) {
			if (is_unsettled(scene, item) && (rc = settle(scene, item, err)) < 0)
				return rc;
			continue;
		}
		if ((rc = install_step(scene, item, err)) < 0)
			return rc;
		if (rc != KB_STEP_IS_PENDING)
			continue;
		kb_outcome_add_pending(outcome, item->step->id, item->outcome);
		kb_report_say(scene->report, "%s is pending: %s", item->step->id, item->outcome);
	}
	return 0;
}

static void tell_check(struct kb_scene *scene, const struct kb_plan_item *item, int rc,
		       const struct kb_err *err)
{
	if (rc < 0)
		kb_report_say(scene->report, "FAILED: %s", err->text);
	else if (rc == KB_STEP_IS_PENDING)
		kb_report_say(scene->report, "%s: pending: %s", item->step->id, item->outcome);
	else
		kb_report_say(scene->report, "ok: %s%s%s", item->step->id,
			      item->outcome && *item->outcome ? ": " : "",
			      item->outcome ? item->outcome : "");
}

int kb_execute_phase(struct kb_scene *scene, int phase, bool keep_going, struct kb_err *err)
{
	kb_autoproblems struct kb_problems problems = KB_PROBLEMS_INIT;
	struct kb_plan plan;
	int rc = 0, first = 0;

	kb_plan_make(scene, phase, &plan, &problems);
	rc = kb_problems_result(&problems, err);
	for (size_t i = 0; rc == 0 && i < plan.n; i++) {
		struct kb_err found = {.code = 0};

		if ((rc = kb_signals_check(err)) < 0)
			break;
		rc = act(scene, &plan.items[i], &found);
		tell_check(scene, &plan.items[i], rc, &found);
		scene->failed += rc < 0;
		if (rc < 0 && !first)
			first = kb_err_set(err, rc, "%s", found.text);
		if (rc == KB_E_INTERRUPTED || (rc < 0 && !keep_going))
			break;
		rc = 0;
	}
	kb_plan_free(&plan);
	return first < 0 ? first : rc;
}

bool kb_execute_has(const struct kb_manifest *m, int phase)
{
	for (size_t i = 0; i < m->n_steps; i++)
		if (m->steps[i].phase == phase)
			return true;
	return false;
}
