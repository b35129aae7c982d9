#include "core/json.h"
#include "stub/dropped.h"
#include "stub/plan.h"

#define DROPPED "not in this release"

/* What goes, in the order of paths; how many. */
static size_t dropped_text(const struct kb_dropped *d, struct kb_buf *out)
{
	const char *action, *kind, *path;
	size_t n = 0;

	for (; kb_dropped_at(d, n, &action, &kind, &path); n++)
		kb_buf_printf(out, "%-8s %-10s %-20s " DROPPED "\n", action, kind, path);
	return n;
}

static void count_text(const struct kb_plan *plan, size_t dropped, struct kb_buf *out)
{
	bool any = dropped;

	if (dropped)
		kb_buf_printf(out, "%zu remove", dropped);
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
	size_t dropped = dropped_text(plan->dropped, out);

	for (size_t i = 0; i < plan->n; i++) {
		const struct kb_plan_item *item = &plan->items[i];

		if (!all && item->action == KB_ACTION_KEEP)
			continue;
		kb_buf_printf(out, "%-8s %-10s %-20s %s\n", kb_action_name(item->action),
			      kb_step_kind_name(item->step->kind), item->step->id, item->reason);
	}
	count_text(plan, dropped, out);
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

static void dropped_json(const struct kb_dropped *d, struct kb_json *j)
{
	const char *action, *kind, *path;

	for (size_t i = 0; kb_dropped_at(d, i, &action, &kind, &path); i++) {
		kb_json_object(j);
		kb_json_key_text(j, "step", NULL);
		kb_json_key_text(j, "kind", kind);
		kb_json_key_text(j, "action", action);
		kb_json_key_text(j, "target", path);
		kb_json_key_text(j, "reason", DROPPED);
		kb_json_object_end(j);
	}
}

void kb_plan_json(const struct kb_plan *plan, struct kb_json *j)
{
	kb_json_array(j);
	dropped_json(plan->dropped, j);
	for (size_t i = 0; i < plan->n; i++)
		item_json(&plan->items[i], j);
	kb_json_array_end(j);
}
