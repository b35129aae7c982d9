#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stub/signals.h"
#include "stub/step.h"

enum {
	NOT_YET = 75, /* EX_TEMPFAIL */
	POLL_MS = 1000,
	SAY_MS = 10000,
};

/* Something before it acts, so what was true may no longer be. */
static bool earlier_acts(const struct kb_plan *plan, const struct kb_plan_item *item)
{
	for (size_t i = 0; &plan->items[i] != item; i++)
		if (plan->items[i].acts)
			return true;
	return false;
}

static int inspect(struct kb_scene *scene, const struct kb_plan *plan, struct kb_plan_item *item,
		   struct kb_err *err)
{
	const struct kb_step *step = item->step;
	const struct kb_record *last = kb_journal_last(scene->journal, step->id);
	struct kb_step_digest d;

	(void)err;
	kb_step_digest_begin(&d, step);
	kb_program_digest(scene, &d, step);
	kb_step_digest_end(&d, &item->input);
	item->result = item->input;
	if (step->phase != KB_PHASE_INSTALL)
		kb_step_decide(item, KB_ACTION_RUN, "%s: at most %u s", step->source,
			       step->timeout);
	else if (last && last->state == KB_RECORD_PENDING)
		kb_step_decide(item, KB_ACTION_PENDING, "%s: was not true the last time",
			       step->source);
	else if (!kb_step_is_done(scene, item) || earlier_acts(plan, item))
		kb_step_decide(item, KB_ACTION_RUN, "%s: at most %u s", step->source,
			       step->timeout);
	else
		kb_step_decide(item, KB_ACTION_KEEP, "%s", step->source);
	return 0;
}

/* One poll: 0, KB_STEP_IS_PENDING for "not yet", or an error. */
static int ask(struct kb_scene *scene, const struct kb_program *program, struct kb_err *err)
{
	struct kb_proc_result result;
	int rc = kb_program_run(scene, program, &result, err);

	if (rc < 0)
		return rc;
	if (result.timed_out || result.status == NOT_YET)
		return KB_STEP_IS_PENDING;
	return kb_program_judge(program, &result, KB_E_STEP, err);
}

static void say_waiting(struct kb_scene *scene, const struct kb_program *program, uint64_t elapsed,
			uint64_t *said)
{
	const char *reason = kb_output_reason(program->output);

	if (elapsed - *said < SAY_MS)
		return;
	*said = elapsed;
	kb_report_say(scene->report, "%s: waiting, %llu of %u s%s%s", program->step->id,
		      (unsigned long long)(elapsed / 1000), program->step->timeout,
		      *reason ? ": " : "", reason);
}

static int poll_until(struct kb_scene *scene, struct kb_program *program, struct kb_err *err)
{
	const uint64_t start = kb_monotonic_ms(), limit = (uint64_t)program->step->timeout * 1000;
	uint64_t said = 0;

	for (;;) {
		uint64_t begun = kb_monotonic_ms() - start, left, spent;
		int rc;

		left = begun < limit ? limit - begun : 0;
		program->timeout = left > 1000 ? (uint32_t)((left + 999) / 1000) : 1;
		rc = ask(scene, program, err);
		if (rc != KB_STEP_IS_PENDING || (rc = kb_signals_check(err)) < 0)
			return rc;
		spent = kb_monotonic_ms() - start;
		if (spent + POLL_MS > limit)
			return KB_STEP_IS_PENDING;
		say_waiting(scene, program, spent, &said);
		if (spent - begun < POLL_MS)
			nanosleep(
				&(struct timespec){0,
						   (long)(POLL_MS - (spent - begun)) * 1000000 - 1},
				NULL);
		if ((rc = kb_signals_check(err)) < 0)
			return rc;
	}
}

static int out_of_time(struct kb_plan_item *item, struct kb_output *output, struct kb_err *err)
{
	const char *reason = kb_output_reason(output);

	item->outcome = kb_strdup(*reason ? reason : "it gives no reason");
	if (item->step->flags & KB_STEP_PENDING)
		return KB_STEP_IS_PENDING;
	kb_output_show_tail(output);
	return kb_err_set(err, KB_E_TIMEOUT, "%s: not true after %u s: %s", item->step->source,
			  item->step->timeout, item->outcome);
}

static int apply(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	struct kb_output output = {.report = scene->report, .id = item->step->id, .silent = true};
	struct kb_program program = {.step = item->step, .output = &output};
	int rc = poll_until(scene, &program, err);

	if (rc == KB_STEP_IS_PENDING)
		rc = out_of_time(item, &output, err);
	else if (rc == 0)
		item->outcome = kb_strdup(kb_output_word(&output));
	else if (rc != KB_E_INTERRUPTED)
		kb_output_show_tail(&output);
	kb_output_free(&output);
	return rc;
}

const struct kb_step_ops kb_step_wait = {.inspect = inspect, .apply = apply};
