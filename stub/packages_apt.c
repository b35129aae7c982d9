#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/packages.h"
#include "core/proc.h"
#include "stub/packages.h"
#include "stub/paths.h"
#include "stub/signals.h"
#include "stub/step.h"

enum {
	ASK_TIMEOUT = 600, /* seconds, of what changes nothing */
	ACT_TIMEOUT = 7200,
	OUTPUT_MAX = 4 << 20,
};

/* One folder in which the package manager finds all that it may see. */
struct apt {
	struct kb_scene *scene;
	const struct kb_package_plan *plan;
	char *path; /* absolute, of plain characters */
	int dirfd;
	struct kb_output *output; /* shown as the step's; NULL: only kept */
	struct kb_buf said;       /* by the last program */
};

static void apt_close(struct apt *apt)
{
	kb_cleanup_close(&apt->dirfd);
	free(apt->path);
	kb_buf_free(&apt->said);
}

/* ---- running ---- */

static void on_line(void *ctx, enum kb_proc_stream stream, const char *line, size_t len, bool cut)
{
	struct apt *apt = ctx;

	if (apt->said.len + len < OUTPUT_MAX) {
		kb_buf_add(&apt->said, line, len);
		kb_buf_putc(&apt->said, '\n');
	}
	if (apt->output)
		kb_output_line(apt->output, stream, line, len, cut);
}

/* What changes nothing ends at the first request; what does, at the second. */
static bool wants_stop(void *ctx)
{
	const struct apt *apt = ctx;

	return apt->output ? kb_signals_now() : kb_signals_stop();
}

/* 0 and the exit status when it ended by itself. */
static int run(struct apt *apt, const char *const *argv, int *ret_status, struct kb_err *err)
{
	kb_autofree char *config = kb_format("APT_CONFIG=%s/apt.conf", apt->path);
	const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
				   "LC_ALL=C.UTF-8",
				   "TZ=UTC",
				   "HOME=/root",
				   "DEBIAN_FRONTEND=noninteractive",
				   "DEBCONF_NONINTERACTIVE_SEEN=true",
				   config,
				   NULL};
	struct kb_proc proc = {.argv = argv,
			       .env = env,
			       .timeout = apt->output ? ACT_TIMEOUT : ASK_TIMEOUT,
			       .line = on_line,
			       .stop = wants_stop,
			       .ctx = apt};
	struct kb_proc_result result;
	char how[64];
	int rc;

	kb_buf_clear(&apt->said);
	kb_buf_puts(&apt->said, "");
	kb_signals_program(true);
	rc = kb_proc_run(&proc, &result, err);
	kb_signals_program(false);
	if (rc < 0)
		return rc;
	if (result.stopped)
		return kb_signals_check(err);
	if (result.timed_out || result.signal) {
		kb_proc_describe(&proc, &result, how, sizeof(how));
		return kb_err_set(err, result.timed_out ? KB_E_TIMEOUT : KB_E_DEPENDENCY, "%s: %s",
				  argv[0], how);
	}
	*ret_status = result.status;
	return 0;
}

/* ---- what it may see ---- */

static int write_file(const struct apt *apt, const char *name, const struct kb_buf *text,
		      struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	int rc;

	if ((rc = kb_newfile_open_at(&nf, apt->dirfd, name, 0600, err)) < 0 ||
	    (rc = kb_write_full(nf.fd, text->data, text->len, err)) < 0)
		return rc;
	return kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
}

/* Read before all files of the host, which it thereby keeps out: a proxy, a
 * hook or a pin that is set there is about other sources. */
static int write_config(const struct apt *apt, struct kb_err *err)
{
	static const char *const nowhere[] = {"Main", "Parts", "SourceParts", "Preferences",
					      "PreferencesParts"};
	static const char *const off[] = {"http", "https",    "ftp",    "cdrom", "rsh", "ssh",
					  "tor",  "tor+http", "mirror", "s3",    "git"};
	/* the last two are written even by a simulation */
	static const struct {
		const char *key, *name;
	} here[] = {{"Etc::SourceList", "sources.list"},
		    {"State::Lists", "lists/"},
		    {"Cache", "cache/"},
		    {"Log::Planner", "planner.log"},
		    {"Log::Solver", "solver.log"}};
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
		kb_buf_printf(&text, "Dir::Etc::%s \"/dev/null\";\n", nowhere[i]);
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		kb_buf_printf(&text, "Dir::Bin::Methods::%s \"false\";\n", off[i]);
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		kb_buf_printf(&text, "Dir::%s \"%s/%s\";\n", here[i].key, apt->path, here[i].name);
	kb_buf_puts(&text, "Dir::Cache::pkgcache \"\";\nDir::Cache::srcpkgcache \"\";\n");
	kb_buf_puts(&text, "APT::Sandbox::User \"root\";\n"
			   "APT::Install-Recommends \"false\";\n"
			   "APT::Install-Suggests \"false\";\n"
			   "APT::Get::AutomaticRemove \"false\";\n"
			   "Acquire::Languages \"none\";\n"
			   "Acquire::Retries \"0\";\n"
			   "Dpkg::Use-Pty \"0\";\n"
			   "Dpkg::Options { \"--force-confold\"; \"--force-confdef\"; };\n");
	return write_file(apt, "apt.conf", &text, err);
}

/* The index has been compared with what was signed, so have the packages in
 * it: apt is told to trust this one place, and checks their digests. */
static int write_source(const struct apt *apt, struct kb_err *err)
{
	kb_autofree char *index = kb_format(KB_PACKAGES_INDEX, apt->plan->release);
	kb_autobuf struct kb_buf source = KB_BUF_INIT, packages = KB_BUF_INIT;
	int rc;

	kb_buf_printf(&source, "deb [trusted=yes] file:%s/repo ./\n", apt->path);
	kb_buf_reserve(&packages, 0);
	if ((rc = kb_bundle_load_file(apt->scene->bundle, index, &packages, err)) < 0 ||
	    (rc = write_file(apt, "sources.list", &source, err)) < 0)
		return rc;
	return write_file(apt, "repo/Packages", &packages, err);
}

static int prepare(struct apt *apt, struct kb_err *err)
{
	static const char *const folders[] = {"repo",  "lists",          "lists/partial",
					      "cache", "cache/archives", "cache/archives/partial"};
	static const char *const update[] = {KB_PATH_APT_GET, "-q", "update", NULL};
	struct kb_output *shown = apt->output;
	int status, rc;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (mkdirat(apt->dirfd, folders[i], 0700) < 0 && errno != EEXIST)
			return kb_err_errno(err, KB_E_IO, "%s/%s", apt->path, folders[i]);
	if ((rc = write_config(apt, err)) < 0 || (rc = write_source(apt, err)) < 0)
		return rc;
	apt->output = NULL;
	rc = run(apt, update, &status, err);
	apt->output = shown;
	if (rc == 0 && status != 0) {
		char why[512];

		kb_packages_reason(apt->said.data, why, sizeof(why));
		rc = kb_err_set(err, KB_E_DEPENDENCY,
				"apt-get cannot read what the bundle carries: %s", why);
	}
	return rc;
}

/* ---- trying ---- */

/* "apt-get OPTIONS install NAMES" */
static int apt_get(struct apt *apt, const char *const *options, int *ret_status, struct kb_err *err)
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
	return run(apt, argv, ret_status, err);
}

static int try(struct apt *apt, struct kb_err *err)
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
	struct apt apt
		__attribute__((cleanup(apt_close))) = {.scene = scene,
						       .plan = item->packages,
						       .path = kb_format(KB_PATH_RUN "/%s", name),
						       .dirfd = -1};
	int rc;

	if ((rc = kb_path_remove_tree(run_dir, name, err)) < 0 ||
	    (rc = kb_path_make_at(run_dir, name, 0700, NULL, &apt.dirfd, NULL, err)) < 0)
		return rc;
	if ((rc = prepare(&apt, err)) == 0)
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

static int stage(struct apt *apt, struct kb_err *err)
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
static int end_unfinished(struct apt *apt, struct kb_err *err)
{
	static const char *const argv[] = {
		KB_PATH_DPKG_BIN, "--force-confold", "--force-confdef", "--configure", "-a", NULL};
	int status, rc;

	if (!apt->plan->unfinished)
		return 0;
	kb_report_say(apt->scene->report,
		      "dpkg was interrupted before; dpkg --configure -a comes first");
	rc = run(apt, argv, &status, err);
	if (rc == 0 && status != 0)
		kb_report_say(apt->scene->report, "dpkg --configure -a ended with %d", status);
	return rc;
}

static int act(struct apt *apt, struct kb_err *err)
{
	static const char *const options[] = {"--no-remove", NULL};
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

static int audit(struct apt *apt, struct kb_err *err)
{
	static const char *const argv[] = {KB_PATH_DPKG_BIN, "--audit", NULL};
	int status, rc;

	apt->output = NULL;
	rc = run(apt, argv, &status, err);
	if (rc < 0 || (status == 0 && apt->said.len == 0))
		return rc;
	return kb_err_set(err, KB_E_STEP, "dpkg --audit is not empty: %.400s", apt->said.data);
}

static int install(struct apt *apt, struct kb_err *err)
{
	int rc;

	if ((rc = prepare(apt, err)) < 0 || (rc = stage(apt, err)) < 0 ||
	    (rc = kb_dpkg_check_lock(apt->scene->rootfd, err)) < 0 ||
	    (rc = end_unfinished(apt, err)) < 0)
		return rc;
	if ((apt->plan->n_names || apt->plan->unfinished) &&
	    ((rc = try(apt, err)) < 0 || (rc = act(apt, err)) < 0))
		return rc;
	rc = kb_package_plan_verify(apt->scene, apt->plan, err);
	return rc < 0 ? rc : audit(apt, err);
}

int kb_packages_install(struct kb_scene *scene, const struct kb_plan_item *item, struct kb_err *err)
{
	kb_autofree char *parent = kb_format(KB_PATH_STATE "/%s/" KB_NAME_RELEASES "/%.16s",
					     scene->m->role, kb_digest_hex(scene->release));
	struct kb_output output = {.report = scene->report, .id = item->step->id};
	struct apt apt __attribute__((cleanup(apt_close))) = {
		.scene = scene,
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
