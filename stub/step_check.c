#include <stdlib.h>

#include "stub/step.h"

static int inspect(struct kb_scene *scene, const struct kb_plan *plan, struct kb_plan_item *item,
		   struct kb_err *err)
{
	struct kb_step_digest d;

	(void)plan;
	(void)err;
	kb_step_digest_begin(&d, item->step);
	kb_program_digest(scene, &d, item->step);
	kb_step_digest_end(&d, &item->input);
	item->result = item->input;
	kb_step_decide(item, KB_ACTION_RUN, "%s", item->step->source);
	return 0;
}

static int apply(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	/* its last line is the answer, and all of it is shown when it fails */
	struct kb_output output = {.report = scene->report, .id = item->step->id, .silent = true};
	struct kb_program program = {
		.step = item->step, .output = &output, .timeout = item->step->timeout};
	struct kb_proc_result result;
	int rc = kb_program_run(scene, &program, &result, err);

	if (rc == 0)
		rc = kb_program_judge(&program, &result, KB_E_HEALTH, err);
	item->outcome = kb_strdup(kb_output_word(&output));
	if (rc < 0 && rc != KB_E_INTERRUPTED)
		kb_output_show_tail(&output);
	kb_output_free(&output);
	return rc;
}

const struct kb_step_ops kb_step_check = {.inspect = inspect, .apply = apply};
