#include <stdio.h>

#include "stub/prepare.h"

static void tell(struct kb_run *run, const struct kb_scene *scene, const struct kb_plan *plan,
		 const struct kb_problems *problems)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_json *j = &run->out;

	kb_json_key_text(j, "role", scene->m->role);
	kb_json_key_text(j, "version", scene->m->version);
	if (scene->target.self)
		kb_json_key_text(j, "host", scene->target.self->name);
	kb_json_key(j, "plan");
	kb_plan_json(plan, j);
	kb_json_key(j, "problems");
	kb_problems_json(problems, j);
	kb_problems_print(problems);
	if (run->json || problems->n)
		return;
	kb_plan_text(plan, true, &text);
	fwrite(text.data, 1, text.len, stdout);
}

static int run(struct kb_run *run_, struct kb_args *args, struct kb_err *err)
{
	kb_autoproblems struct kb_problems problems = KB_PROBLEMS_INIT;
	struct kb_scene scene = {.state = KB_STATEDIR_INIT};
	struct kb_plan plan = {.n = 0};
	struct kb_bundle *bundle = NULL;
	int rc = kb_source_open(run_, args, &bundle, err);

	if (rc < 0)
		return rc;
	rc = kb_prepare_plan(run_, bundle, "plan", &scene, &plan, &problems, err);
	if (rc == 0) {
		tell(run_, &scene, &plan, &problems);
		rc = kb_problems_result(&problems, err);
	}
	kb_plan_free(&plan);
	kb_scene_close(&scene);
	return rc;
}

const struct kb_verb kb_verb_plan = {
	.name = "plan",
	.summary = "what install would add, change and keep here; changes nothing",
	.usage = "plan [--json] [--inventory FILE] [--credentials DIR] [--host NAME] [--downgrade "
		 "FILE]",
	.help = "One line a step: keep, add, change, run, start, restart or pending, with the\n"
		"reason; remove, restore or set-aside of what this release does not bring any\n"
		"more. Everything that would stop an install is reported in the same run.\n",
	.needs_root = true,
	.run = run,
};
