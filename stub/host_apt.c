#include "stub/host_apt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

void kb_host_apt_close(struct kb_host_apt *apt)
{
	kb_cleanup_close(&apt->dirfd);
	free(apt->path);
	kb_buf_free(&apt->said);
}

/* ---- running ---- */

static void on_line(void *ctx, enum kb_proc_stream stream, const char *line, size_t len, bool cut)
{
	struct kb_host_apt *apt = ctx;

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
	const struct kb_host_apt *apt = ctx;

	return apt->output ? kb_signals_now() : kb_signals_stop();
}

int kb_host_apt_run(struct kb_host_apt *apt, const char *const *argv, int *ret_status,
		    struct kb_err *err)
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

static int write_file(const struct kb_host_apt *apt, const char *name, const struct kb_buf *text,
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
static int write_config(const struct kb_host_apt *apt, struct kb_err *err)
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
static int write_source(const struct kb_host_apt *apt, struct kb_err *err)
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

int kb_host_apt_prepare(struct kb_host_apt *apt, struct kb_err *err)
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
	rc = kb_host_apt_run(apt, update, &status, err);
	apt->output = shown;
	if (rc == 0 && status != 0) {
		char why[512];

		kb_packages_reason(apt->said.data, why, sizeof(why));
		rc = kb_err_set(err, KB_E_DEPENDENCY,
				"apt-get cannot read what the bundle carries: %s", why);
	}
	return rc;
}
