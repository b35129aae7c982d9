#include <string.h>

#include "core/show.h"
#include "stub/packages.h"
#include "stub/step.h"

static void set_digests(const struct kb_manifest *m, struct kb_plan_item *item)
{
	const struct kb_package_plan *plan = item->packages;
	struct kb_step_digest d;

	kb_step_digest_begin(&d, item->step);
	for (size_t i = 0; i < plan->n_carried; i++)
		kb_step_digest_add(&d, m->blobs[plan->carried[i]->blob].digest.b, KB_DIGEST_LEN);
	kb_step_digest_end(&d, &item->input);
	item->result = item->input;
}

static void decide(struct kb_plan_item *item)
{
	const struct kb_package_plan *plan = item->packages;
	const char *first = plan->unfinished ? "dpkg --configure -a first; " : "";

	if (plan->n_names)
		kb_step_decide(item, KB_ACTION_ADD,
			       "%s%zu of %zu to install, up to %zu files, %s%s%s", first,
			       plan->n_names, plan->n_asked, plan->n_staged,
			       kb_show_size(plan->staged), plan->n_removable ? "; may remove " : "",
			       plan->n_removable ? plan->removable[0] : "");
	else if (plan->unfinished)
		kb_step_decide(item, KB_ACTION_CHANGE, "dpkg was interrupted; dpkg --configure -a");
	else if (plan->held)
		kb_step_decide(item, KB_ACTION_CHANGE,
			       "services may start again, after an interrupted install");
	else
		kb_step_decide(item, KB_ACTION_KEEP, "%zu installed", plan->n_asked);
}

static int inspect(struct kb_scene *scene, const struct kb_plan *plan, struct kb_plan_item *item,
		   struct kb_err *err)
{
	int rc = kb_package_plan_make(scene, item, &item->packages, err);

	(void)plan;
	if (rc < 0)
		return rc;
	set_digests(scene->m, item);
	decide(item);
	return 0;
}

static int apply(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	return kb_packages_install(scene, item, err);
}

const struct kb_step_ops kb_step_packages = {.inspect = inspect, .apply = apply};
