#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "stub/paths.h"
#include "stub/step.h"

static const char *why(const struct kb_scene *scene, const struct kb_step *step)
{
	const struct kb_record *last = kb_journal_last(scene->journal, step->id);

	if (!last)
		return "not run yet";
	if (last->state == KB_RECORD_FAIL)
		return "it failed before";
	if (last->state == KB_RECORD_BEGIN)
		return "it was interrupted";
	return "its input changed";
}

static int inspect(struct kb_scene *scene, const struct kb_plan *plan, struct kb_plan_item *item,
		   struct kb_err *err)
{
	const struct kb_step *step = item->step;
	const char *changed = kb_step_watched_change(scene, plan, step);
	struct kb_step_digest d;

	(void)err;
	kb_step_digest_begin(&d, step);
	kb_program_digest(scene, &d, step);
	kb_step_digest_watched(&d, plan, step);
	kb_step_digest_end(&d, &item->input);
	item->result = item->input;
	if (step->flags & KB_STEP_ALWAYS || step->phase != KB_PHASE_INSTALL)
		kb_step_decide(item, KB_ACTION_RUN, "%s: every time", step->source);
	else if (!kb_step_is_done(scene, item))
		kb_step_decide(item, KB_ACTION_RUN, "%s: %s", step->source, why(scene, step));
	else if (changed)
		kb_step_decide(item, KB_ACTION_RUN, "%s: %s changes", step->source, changed);
	else
		kb_step_decide(item, KB_ACTION_KEEP, "%s", step->source);
	return 0;
}

/* A script may write anywhere and flushes nothing: without this, a power cut
 * soon after leaves empty files behind a step that the journal calls done.
 * sync() waits but reports nothing, so where our roles write is asked again. */
static int flush(struct kb_scene *scene, struct kb_err *err)
{
	static const char *const places[] = {"/", "/etc", KB_PATH_DATA, "/var/lib"};

	sync();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		kb_autoclose int fd = openat(scene->rootfd, places[i][1] ? places[i] + 1 : ".",
					     O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 && syncfs(fd) < 0)
			return kb_err_errno(err, KB_E_IO, "flush the file system of %s", places[i]);
	}
	return 0;
}

static int apply(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	struct kb_output output = {.report = scene->report, .id = item->step->id};
	struct kb_program program = {
		.step = item->step, .output = &output, .timeout = item->step->timeout};
	struct kb_proc_result result;
	int rc = kb_program_run(scene, &program, &result, err);

	if (rc == 0 && (rc = kb_program_judge(&program, &result, KB_E_STEP, err)) < 0 &&
	    rc != KB_E_INTERRUPTED)
		kb_output_show_tail(&output);
	kb_output_free(&output);
	if (rc == 0 && item->acts && item->step->phase == KB_PHASE_INSTALL)
		rc = flush(scene, err);
	return rc;
}

const struct kb_step_ops kb_step_script = {.inspect = inspect, .apply = apply};
