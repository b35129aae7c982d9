#include "stub/plan.h"

#include <stdlib.h>
#include <string.h>

#include "stub/dropped.h"
#include "stub/packages.h"
#include "stub/step.h"
#include "stub/volume.h"

static size_t count_steps(const struct kb_manifest *m, int phase)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_steps; i++)
		n += m->steps[i].phase == phase;
	return n;
}

/* Signed is not trusted to say whom to trust. */
static int check_target(const struct kb_step *step, struct kb_err *err)
{
	static const char own[] = "/etc/keybuzz";
	const size_t len = sizeof(own) - 1;

	if (strncmp(step->target, own, len) == 0 &&
	    (step->target[len] == '\0' || step->target[len] == '/'))
		return kb_err_set(err, KB_E_PATH, "step %s: %s is not for bundles to change",
				  step->id, step->target);
	return 0;
}

static int inspect(struct kb_scene *scene, const struct kb_plan *plan, struct kb_plan_item *item,
		   struct kb_err *err)
{
	const struct kb_step_ops *ops = kb_step_ops(item->step->kind);
	int rc;

	if (!ops)
		return kb_err_set(err, KB_E_INVALID,
				  "step %s: this program does not know how to do \"%s\" steps; it "
				  "needs a newer bundle",
				  item->step->id, kb_step_kind_name(item->step->kind));
	if ((rc = check_target(item->step, err)) < 0)
		return rc;
	rc = ops->inspect(scene, plan, item, err);
	return rc < 0 ? kb_err_wrap(err, "step %s", item->step->id) : 0;
}

void kb_plan_make(struct kb_scene *scene, int phase, struct kb_plan *ret_plan,
		  struct kb_problems *problems)
{
	const struct kb_manifest *m = scene->m;
	struct kb_plan *plan = ret_plan;
	struct kb_err err;

	plan->phase = phase;
	plan->n = 0;
	plan->dropped = NULL;
	plan->items = kb_alloc(count_steps(m, phase), sizeof(*plan->items));
	for (size_t i = 0; i < m->n_steps; i++) {
		struct kb_plan_item *item = &plan->items[plan->n];

		if (m->steps[i].phase != phase)
			continue;
		item->step = &m->steps[i];
		if (kb_problems_take(problems, inspect(scene, plan, item, &err), &err) < 0)
			kb_step_decide(item, KB_ACTION_KEEP, "not known");
		item->acts = kb_step_acts(scene, item);
		plan->n++;
	}
	if (phase == KB_PHASE_INSTALL)
		kb_problems_take(problems, kb_dropped_find(scene, &plan->dropped, &err), &err);
}

void kb_plan_free(struct kb_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct kb_plan_item *item = &plan->items[i];

		free(item->reason);
		free(item->outcome);
		free(item->images);
		free(item->image_list);
		kb_package_plan_free(item->packages);
		kb_volume_plan_free(item->volume);
		kb_buf_wipe(&item->content);
	}
	free(plan->items);
	kb_dropped_free(plan->dropped);
	plan->dropped = NULL;
	plan->items = NULL;
	plan->n = 0;
}

bool kb_plan_changes(const struct kb_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->items[i].acts)
			return true;
	return plan->dropped != NULL;
}

size_t kb_plan_count(const struct kb_plan *plan, enum kb_action action)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++)
		n += plan->items[i].action == action;
	return n;
}

const char *kb_action_name(enum kb_action action)
{
	static const char *const names[KB_ACTION_COUNT] = {
		[KB_ACTION_KEEP] = "keep",       [KB_ACTION_ADD] = "add",
		[KB_ACTION_CHANGE] = "change",   [KB_ACTION_RUN] = "run",
		[KB_ACTION_START] = "start",     [KB_ACTION_RESTART] = "restart",
		[KB_ACTION_PENDING] = "pending",
	};

	return names[action];
}

const struct kb_plan_item *kb_plan_find(const struct kb_plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->n; i++)
		if (strcmp(plan->items[i].step->id, id) == 0)
			return &plan->items[i];
	return NULL;
}
