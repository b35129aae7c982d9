#include <stdlib.h>
#include <string.h>

#include "core/packages.h"
#include "stub/osrelease.h"
#include "stub/packages.h"
#include "stub/services.h"
#include "stub/step.h"

static const struct kb_package *find(const struct kb_package_plan *plan, const char *name,
				     size_t len, size_t *ret_at)
{
	for (size_t i = 0; i < plan->n_carried; i++)
		if (strlen(plan->carried[i]->name) == len &&
		    strncmp(plan->carried[i]->name, name, len) == 0) {
			*ret_at = i;
			return plan->carried[i];
		}
	return NULL;
}

static void take_carried(const struct kb_manifest *m, struct kb_package_plan *plan)
{
	plan->carried = kb_alloc(m->n_packages, sizeof(*plan->carried));
	plan->missing = kb_alloc(m->n_packages, sizeof(*plan->missing));
	for (size_t i = 0; i < m->n_packages; i++)
		if (strcmp(m->packages[i].release, plan->release) == 0)
			plan->carried[plan->n_carried++] = &m->packages[i];
}

/* dpkg's word for this machine, as the packages have it. */
static const char *native_arch(const struct kb_package_plan *plan)
{
	for (size_t i = 0; i < plan->n_carried; i++)
		if (strcmp(plan->carried[i]->arch, "all") != 0)
			return plan->carried[i]->arch;
	return NULL;
}

/* "RELEASE/NAME": the name, when it is for this one. */
static const char *name_for(const char *arg, const char *release)
{
	size_t len = strlen(release);

	return strncmp(arg, release, len) == 0 && arg[len] == '/' ? arg + len + 1 : NULL;
}

/* "-NAME" may be removed: of interest when it is here. */
static void take_removable(const struct kb_step *step, const struct kb_dpkg *db,
			   struct kb_package_plan *plan)
{
	plan->removable = kb_alloc(step->n_args, sizeof(*plan->removable));
	for (size_t i = 0; i < step->n_args; i++) {
		const struct kb_dpkg_package *found =
			step->args[i][0] == '-' ? kb_dpkg_find(db, step->args[i] + 1) : NULL;

		if (found && found->installed)
			plan->removable[plan->n_removable++] = step->args[i] + 1;
	}
}

static int compare(const struct kb_step *step, const struct kb_dpkg *db,
		   struct kb_package_plan *plan, struct kb_err *err)
{
	for (size_t i = 0; i < plan->n_carried; i++)
		plan->missing[i] =
			!kb_dpkg_has(db, plan->carried[i]->name, plan->carried[i]->version);
	take_removable(step, db, plan);
	plan->names = kb_alloc(step->n_args, sizeof(*plan->names));
	for (size_t i = 0; i < step->n_args; i++) {
		const char *name = name_for(step->args[i], plan->release);
		size_t at;

		if (!name)
			continue;
		plan->n_asked++;
		if (!find(plan, name, strlen(name), &at)) /* the manifest was checked */
			return kb_err_set(err, KB_E_INTERNAL, "%s is not carried", step->args[i]);
		if (plan->missing[at])
			plan->names[plan->n_names++] = name;
	}
	return 0;
}

static uint64_t number(const char *text, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len && i < 12 && text[i] >= '0' && text[i] <= '9'; i++)
		v = v * 10 + (uint64_t)(text[i] - '0');
	return v;
}

/* How much room it takes, as the packages themselves say. */
static int measure(struct kb_scene *scene, struct kb_package_plan *plan, struct kb_err *err)
{
	kb_autofree char *path = kb_format(KB_PACKAGES_INDEX, plan->release);
	kb_autobuf struct kb_buf index = KB_BUF_INIT;
	struct kb_control p;
	const char *at, *value;
	size_t len, i;
	int rc = kb_bundle_load_file(scene->bundle, path, &index, err);

	if (rc < 0)
		return rc;
	kb_buf_reserve(&index, 0);
	at = index.data;
	while (kb_control_next(&at, index.data + index.len, &p))
		if (kb_control_field(&p, "Package", &value, &len) && find(plan, value, len, &i) &&
		    plan->missing[i] && kb_control_field(&p, "Installed-Size", &value, &len))
			plan->installed += number(value, len) * 1024;
	for (i = 0; i < plan->n_carried; i++) {
		if (!plan->missing[i])
			continue;
		plan->n_staged++;
		plan->staged += scene->m->blobs[plan->carried[i]->blob].size;
	}
	return 0;
}

static int look(int rootfd, const struct kb_manifest *m, const struct kb_step *step,
		struct kb_package_plan *plan, struct kb_err *err)
{
	kb_autodpkg struct kb_dpkg db = {.n = 0};
	struct kb_osrelease os;
	int rc = kb_osrelease_read(rootfd, &os, err);

	if (rc < 0)
		return rc;
	plan->release = kb_format("%s-%s", os.id, os.version);
	take_carried(m, plan);
	if ((rc = kb_dpkg_read(rootfd, native_arch(plan), &db, err)) < 0 ||
	    (rc = compare(step, &db, plan, err)) < 0)
		return rc;
	if (plan->n_asked == 0)
		return kb_err_set(err, KB_E_TARGET, "the bundle carries no packages for %s",
				  plan->release);
	plan->unfinished = db.unfinished != NULL;
	return 0;
}

int kb_package_plan_look(int rootfd, const struct kb_manifest *m, const struct kb_step *step,
			 struct kb_package_plan **ret_plan, struct kb_err *err)
{
	struct kb_package_plan *plan = kb_alloc(1, sizeof(*plan));
	int rc = look(rootfd, m, step, plan, err);

	if (rc < 0)
		kb_package_plan_free(plan);
	else
		*ret_plan = plan;
	return rc;
}

static int make(struct kb_scene *scene, const struct kb_step *step, struct kb_package_plan *plan,
		struct kb_err *err)
{
	int rc = look(scene->rootfd, scene->m, step, plan, err);

	if (rc < 0 || (rc = kb_services_held(scene->rootfd, err)) < 0)
		return rc;
	plan->held = rc == 1;
	return plan->n_names ? measure(scene, plan, err) : 0;
}

int kb_package_plan_make(struct kb_scene *scene, const struct kb_plan_item *item,
			 struct kb_package_plan **ret_plan, struct kb_err *err)
{
	struct kb_package_plan *plan = kb_alloc(1, sizeof(*plan));
	int rc = make(scene, item->step, plan, err);

	if (rc < 0)
		kb_package_plan_free(plan);
	else
		*ret_plan = plan;
	return rc;
}

void kb_package_plan_free(struct kb_package_plan *plan)
{
	if (!plan)
		return;
	free(plan->release);
	free(plan->carried);
	free(plan->missing);
	free(plan->names);
	free(plan->removable);
	free(plan);
}

int kb_package_plan_verify(const struct kb_scene *scene, const struct kb_package_plan *plan,
			   struct kb_err *err)
{
	kb_autodpkg struct kb_dpkg db = {.n = 0};
	int rc = kb_dpkg_read(scene->rootfd, native_arch(plan), &db, err);

	for (size_t i = 0; rc == 0 && i < plan->n_names; i++) {
		size_t at;
		const struct kb_package *package =
			find(plan, plan->names[i], strlen(plan->names[i]), &at);

		if (!package || !kb_dpkg_has(&db, package->name, package->version))
			rc = kb_err_set(err, KB_E_STEP, "%s is not installed afterwards",
					plan->names[i]);
	}
	if (rc == 0 && db.unfinished)
		rc = kb_err_set(err, KB_E_STEP,
				"dpkg was left unfinished at %s; `dpkg --audit` says more",
				db.unfinished);
	return rc;
}
