#include "core/json.h"
#include "stub/plan.h"

static void count_text(const struct kb_plan *plan, struct kb_buf *out)
{
	bool any = false;

	for (int action = 0; action < KB_ACTION_COUNT; action++) {
		size_t n = kb_plan_count(plan, (enum kb_action)action);

		if (!n)
			continue;
		kb_buf_printf(out, "%s%zu %s", any ? ", " : "", n,
			      kb_action_name((enum kb_action)action));
		any = true;
	}
	kb_buf_puts(out, any ? "\n" : "nothing\n");
}

void kb_plan_text(const struct kb_plan *plan, bool all, struct kb_buf *out)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct kb_plan_item *item = &plan->items[i];

		if (!all && item->action == KB_ACTION_KEEP)
			continue;
		kb_buf_printf(out, "%-8s %-10s %-20s %s\n", kb_action_name(item->action),
			      kb_step_kind_name(item->step->kind), item->step->id, item->reason);
	}
	count_text(plan, out);
}

static void item_json(const struct kb_plan_item *item, struct kb_json *j)
{
	kb_json_object(j);
	kb_json_key_text(j, "step", item->step->id);
	kb_json_key_text(j, "kind", kb_step_kind_name(item->step->kind));
	kb_json_key_text(j, "action", kb_action_name(item->action));
	if (*item->step->target)
		kb_json_key_text(j, "target", item->step->target);
	if (*kb_step_network(item->step))
		kb_json_key_text(j, "network", kb_step_network(item->step));
	kb_json_key_text(j, "reason", item->reason);
	kb_json_object_end(j);
}

void kb_plan_json(const struct kb_plan *plan, struct kb_json *j)
{
	kb_json_array(j);
	for (size_t i = 0; i < plan->n; i++)
		item_json(&plan->items[i], j);
	kb_json_array_end(j);
}
