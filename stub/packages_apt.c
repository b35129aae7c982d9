#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "stub/host_apt.h"
#include "stub/packages.h"
#include "stub/paths.h"
#include "stub/services.h"
#include "stub/step.h"

/* ---- trying ---- */

/* "apt-get OPTIONS install NAMES" */
static int apt_get(struct kb_host_apt *apt, const char *const *options, int *ret_status,
		   struct kb_err *err)
{
	const struct kb_package_plan *plan = apt->plan;
	kb_autofree const char **argv = kb_alloc(plan->n_names + 16, sizeof(*argv));
	size_t n = 0;

	argv[n++] = KB_PATH_APT_GET;
	argv[n++] = "-q";
	argv[n++] = "-y";
	argv[n++] = "--no-install-recommends";
	if (plan->unfinished)
		argv[n++] = "--fix-broken";
	while (*options)
		argv[n++] = *options++;
	argv[n++] = "install";
	for (size_t i = 0; i < plan->n_names; i++)
		argv[n++] = plan->names[i];
	return kb_host_apt_run(apt, argv, ret_status, err);
}

static int try(struct kb_host_apt *apt, struct kb_err *err)
{
	static const char *const options[] = {"--simulate", NULL};
	struct kb_output *shown = apt->output;
	char why[512];
	int status, rc;

	apt->output = NULL;
	rc = apt_get(apt, options, &status, err);
	apt->output = shown;
	if (rc < 0)
		return rc;
	if (status == 0)
		return kb_packages_judge(apt->plan, apt->said.data, err);
	kb_packages_reason(apt->said.data, why, sizeof(why));
	return kb_err_set(err, KB_E_DEPENDENCY, "the packages cannot be installed here: %s", why);
}

static int precheck_in(struct kb_scene *scene, const struct kb_plan_item *item, int run_dir,
		       struct kb_err *err)
{
	kb_autofree char *name = kb_format("apt-%d", (int)getpid());
	kb_autohostapt struct kb_host_apt apt = {.scene = scene,
						 .plan = item->packages,
						 .path = kb_format(KB_PATH_RUN "/%s", name),
						 .dirfd = -1};
	int rc;

	if ((rc = kb_path_remove_tree(run_dir, name, err)) < 0 ||
	    (rc = kb_path_make_at(run_dir, name, 0700, NULL, &apt.dirfd, NULL, err)) < 0)
		return rc;
	if ((rc = kb_host_apt_prepare(&apt, err)) == 0)
		rc = try(&apt, err);
	kb_path_remove_tree(run_dir, name, NULL);
	return rc;
}

static int precheck(struct kb_scene *scene, const struct kb_plan_item *item, struct kb_err *err)
{
	kb_autoclose int parent = -1, dirfd = -1;
	bool made = false;
	int rc = kb_dpkg_check_lock(scene->rootfd, err);

	/* while dpkg is unfinished, apt-get says nothing but that: it is asked
	 * again in the step, after that was ended */
	if (rc < 0 || item->packages->unfinished || item->packages->n_names == 0)
		return rc;
	if ((rc = kb_path_open_dir(scene->rootfd, "/run", NULL, &parent, err)) < 0 ||
	    (rc = kb_path_make_at(parent, "keybuzz", 0700, NULL, &dirfd, &made, err)) < 0)
		return rc;
	rc = precheck_in(scene, item, dirfd, err);
	if (made)
		unlinkat(parent, "keybuzz", AT_REMOVEDIR);
	return rc;
}

void kb_packages_precheck(struct kb_scene *scene, struct kb_plan *plan,
			  struct kb_problems *problems)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct kb_plan_item *item = &plan->items[i];
		struct kb_err err;
		int rc;

		if (!item->packages || !item->acts)
			continue;
		rc = precheck(scene, item, &err);
		if (rc < 0)
			kb_problems_add(problems, rc, "step %s: %s", item->step->id, err.text);
	}
}

/* ---- doing ---- */

static int to_file(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	const struct kb_newfile *nf = ctx;

	return kb_write_full(nf->fd, data, len, err);
}

static int stage(struct kb_host_apt *apt, struct kb_err *err)
{
	for (size_t i = 0; i < apt->plan->n_carried; i++) {
		const struct kb_package *package = apt->plan->carried[i];
		kb_autofree char *name = kb_format("repo/%s_%s.deb", package->name, package->arch);
		kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
		int rc;

		if (!apt->plan->missing[i])
			continue;
		if ((rc = kb_newfile_open_at(&nf, apt->dirfd, name, 0600, err)) < 0 ||
		    (rc = kb_bundle_stream(apt->scene->bundle, package->blob, to_file, &nf, err)) <
			    0 ||
		    (rc = kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err)) < 0)
			return kb_err_wrap(err, "stage %s", package->name);
	}
	return 0;
}

/* It may not succeed yet: what was being unpacked may lack what it depends on,
 * which the installation below brings. */
static int end_unfinished(struct kb_host_apt *apt, struct kb_err *err)
{
	static const char *const argv[] = {
		KB_PATH_DPKG_BIN, "--force-confold", "--force-confdef", "--configure", "-a", NULL};
	int status, rc;

	if (!apt->plan->unfinished)
		return 0;
	kb_report_say(apt->scene->report,
		      "dpkg was interrupted before; dpkg --configure -a comes first");
	rc = kb_host_apt_run(apt, argv, &status, err);
	if (rc == 0 && status != 0)
		kb_report_say(apt->scene->report, "dpkg --configure -a ended with %d", status);
	return rc;
}

static int act(struct kb_host_apt *apt, struct kb_err *err)
{
	/* what was tried removes nothing but what may go */
	const char *const options[] = {apt->plan->n_removable ? NULL : "--no-remove", NULL};
	char why[512];
	int status, rc;

	if ((rc = kb_dpkg_check_lock(apt->scene->rootfd, err)) < 0 ||
	    (rc = apt_get(apt, options, &status, err)) < 0)
		return rc;
	if (status == 0)
		return 0;
	kb_packages_reason(apt->said.data, why, sizeof(why));
	return kb_err_set(err, KB_E_STEP, "apt-get: exit %d: %s", status, why);
}

static int audit(struct kb_host_apt *apt, struct kb_err *err)
{
	static const char *const argv[] = {KB_PATH_DPKG_BIN, "--audit", NULL};
	int status, rc;

	apt->output = NULL;
	rc = kb_host_apt_run(apt, argv, &status, err);
	if (rc < 0 || (status == 0 && apt->said.len == 0))
		return rc;
	return kb_err_set(err, KB_E_STEP, "dpkg --audit is not empty: %.400s", apt->said.data);
}

static int change(struct kb_host_apt *apt, struct kb_err *err)
{
	int rc;

	if ((rc = kb_dpkg_check_lock(apt->scene->rootfd, err)) < 0 ||
	    (rc = end_unfinished(apt, err)) < 0)
		return rc;
	if (apt->plan->n_names == 0 && !apt->plan->unfinished)
		return 0;
	rc = try(apt, err);
	return rc < 0 ? rc : act(apt, err);
}

static int install(struct kb_host_apt *apt, struct kb_err *err)
{
	struct kb_err second;
	int rc, released;

	if ((rc = kb_host_apt_prepare(apt, err)) < 0 || (rc = stage(apt, err)) < 0 ||
	    (rc = kb_services_hold(apt->scene->rootfd, err)) < 0)
		return rc;
	rc = change(apt, err);
	released = kb_services_release(apt->scene->rootfd, rc < 0 ? &second : err);
	if (rc < 0 || released < 0)
		return rc < 0 ? rc : released;
	rc = kb_package_plan_verify(apt->scene, apt->plan, err);
	return rc < 0 ? rc : audit(apt, err);
}

int kb_packages_install(struct kb_scene *scene, const struct kb_plan_item *item, struct kb_err *err)
{
	kb_autofree char *parent = kb_format(KB_PATH_STATE "/%s/" KB_NAME_RELEASES "/%.16s",
					     scene->m->role, kb_digest_hex(scene->release));
	struct kb_output output = {.report = scene->report, .id = item->step->id};
	kb_autohostapt struct kb_host_apt apt = {.scene = scene,
						 .plan = item->packages,
						 .path = kb_format("%s/" KB_NAME_PACKAGES, parent),
						 .dirfd = -1,
						 .output = &output};
	kb_autoclose int dirfd = -1;
	int rc;

	if ((rc = kb_path_make_dir(scene->rootfd, parent, 0700, NULL, &dirfd, err)) < 0 ||
	    (rc = kb_path_remove_tree(dirfd, KB_NAME_PACKAGES, err)) < 0 ||
	    (rc = kb_path_make_at(dirfd, KB_NAME_PACKAGES, 0700, NULL, &apt.dirfd, NULL, err)) < 0)
		return rc;
	rc = install(&apt, err);
	if (rc < 0 && rc != KB_E_INTERRUPTED)
		kb_output_show_tail(&output);
	kb_output_free(&output);
	kb_path_remove_tree(dirfd, KB_NAME_PACKAGES, NULL);
	return rc;
}
