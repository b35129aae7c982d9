#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "stub/plan.h"
#include "stub/problems.h"
#include "stub/step.h"

static char redis[] = "redis", conf[] = "conf", path[] = "/etc/x", empty[] = "";

static const struct kb_step steps[] = {
	{.id = conf, .kind = KB_STEP_TEMPLATE, .target = path, .source = empty},
	{.id = redis, .kind = KB_STEP_SCRIPT, .target = empty, .source = empty},
};

static void make(struct kb_plan *plan)
{
	plan->n = 2;
	plan->items = kb_alloc(2, sizeof(*plan->items));
	for (size_t i = 0; i < 2; i++)
		plan->items[i].step = &steps[i];
	kb_step_decide(&plan->items[0], KB_ACTION_KEEP, "%s", path);
	kb_step_decide(&plan->items[1], KB_ACTION_RUN, "its input changed");
	plan->items[1].acts = true;
}

KB_TEST(plan_is_printed_for_people)
{
	kb_autobuf struct kb_buf all = KB_BUF_INIT, some = KB_BUF_INIT;
	struct kb_plan plan = {.n = 0};

	make(&plan);
	kb_plan_text(&plan, true, &all);
	kb_plan_text(&plan, false, &some);
	kb_plan_free(&plan);
	assert_string_equal(all.data, "keep     template   conf                 /etc/x\n"
				      "run      script     redis                its input changed\n"
				      "1 keep, 1 run\n");
	assert_string_equal(some.data,
			    "run      script     redis                its input changed\n"
			    "1 keep, 1 run\n");
}

KB_TEST(plan_is_printed_for_programs)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_plan plan = {.n = 0};
	struct kb_json j;

	make(&plan);
	kb_json_init(&j, &out);
	kb_plan_json(&plan, &j);
	kb_json_finish(&j);
	kb_plan_free(&plan);
	assert_string_equal(out.data,
			    "[{\"step\":\"conf\",\"kind\":\"template\",\"action\":\"keep\","
			    "\"target\":\"/etc/x\",\"reason\":\"/etc/x\"},{\"step\":\"redis\","
			    "\"kind\":\"script\",\"action\":\"run\",\"network\":\"none\","
			    "\"reason\":\"its input changed\"}]");
}

KB_TEST(plan_knows_whether_it_changes_anything)
{
	struct kb_plan plan = {.n = 0};

	assert_false(kb_plan_changes(&plan));
	make(&plan);
	assert_true(kb_plan_changes(&plan));
	plan.items[1].acts = false; /* only asked again */
	assert_false(kb_plan_changes(&plan));
	assert_int_equal(kb_plan_count(&plan, KB_ACTION_RUN), 1);
	assert_ptr_equal(kb_plan_find(&plan, "redis"), &plan.items[1]);
	assert_null(kb_plan_find(&plan, "none"));
	kb_plan_free(&plan);
}

KB_TEST(problems_are_all_told_and_the_first_decides)
{
	kb_autoproblems struct kb_problems problems = KB_PROBLEMS_INIT;
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_err err = {.code = 0};
	struct kb_json j;

	assert_int_equal(kb_problems_result(&problems, &err), 0);
	kb_problems_add(&problems, KB_E_TARGET, "wrong %s", "host");
	assert_int_equal(kb_problems_result(&problems, &err), KB_E_TARGET);
	assert_string_equal(err.text, "wrong host");
	assert_int_equal(kb_problems_take(&problems, kb_err_set(&err, KB_E_SPACE, "full"), &err),
			 KB_E_SPACE);
	assert_int_equal(kb_problems_take(&problems, 0, &err), 0);
	assert_int_equal(kb_problems_result(&problems, &err), KB_E_TARGET);
	assert_string_equal(err.text, "wrong host (and 1 more, see above)");
	kb_json_init(&j, &out);
	kb_problems_json(&problems, &j);
	kb_json_finish(&j);
	assert_string_equal(out.data, "[{\"exit\":14,\"class\":\"target\",\"text\":\"wrong host\"},"
				      "{\"exit\":40,\"class\":\"space\",\"text\":\"full\"}]");
}
