#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dir.h"
#include "core/proc.h"
#include "stub/paths.h"
#include "stub/report.h"
#include "stub/signals.h"
#include "stub/tool.h"
#include "stub/volume.h"

enum {
	LOOK_TIMEOUT = 60, /* seconds */
	ACT_TIMEOUT = 900, /* a large device that discards slowly */
	SAID_MAX = 64 << 10,
	DEVICES_MAX = 4096,
	/* of blkid: nothing found; more than one thing found */
	BLKID_NOTHING = 2,
	BLKID_AMBIVALENT = 8,
};

static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
					  NULL};

/* ---- looking ---- */

static void keep_line(void *ctx, enum kb_proc_stream stream, const char *line, size_t len, bool cut)
{
	struct kb_buf *said = ctx;

	(void)cut;
	if (stream != KB_PROC_OUT || said->len + len >= SAID_MAX)
		return;
	kb_buf_add(said, line, len);
	kb_buf_putc(said, '\n');
}

static bool wants_stop(void *ctx)
{
	(void)ctx;
	return kb_signals_stop();
}

/* What a program that changes nothing prints, and its exit status. */
static int ask(const char *const *argv, struct kb_buf *said, int *ret_status, struct kb_err *err)
{
	struct kb_proc proc = {.argv = argv,
			       .env = environment,
			       .timeout = LOOK_TIMEOUT,
			       .line = keep_line,
			       .stop = wants_stop,
			       .ctx = said};
	struct kb_proc_result result;
	char how[64];
	int rc;

	kb_buf_puts(said, "");
	rc = kb_proc_run(&proc, &result, err);
	if (rc < 0)
		return rc;
	if (result.stopped)
		return kb_signals_check(err);
	if (result.timed_out || result.signal) {
		kb_proc_describe(&proc, &result, how, sizeof(how));
		return kb_err_set(err, KB_E_DEPENDENCY, "%s: %s", argv[0], how);
	}
	*ret_status = result.status;
	return 0;
}

/* The value of "KEY=VALUE" among the lines of TEXT; false when there is none. */
static bool take(const char *text, const char *key, char *out, size_t cap)
{
	size_t n = strlen(key);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, key, n) == 0 && line[n] == '=') {
			snprintf(out, cap, "%.*s", (int)strcspn(line + n + 1, "\n"), line + n + 1);
			return true;
		}
	return false;
}

static void read_probe(const char *text, struct kb_volume_probe *probe)
{
	char table[48];

	if (take(text, "TYPE", probe->what, sizeof(probe->what)) &&
	    strcmp(probe->what, "xfs") == 0 && !take(text, "PTTYPE", table, sizeof(table)))
		probe->content = KB_VOLUME_XFS;
	else if (take(text, "PTTYPE", table, sizeof(table)))
		snprintf(probe->what, sizeof(probe->what), "%s partition table", table);
	else if (!*probe->what)
		snprintf(probe->what, sizeof(probe->what), "something unknown");
	take(text, "UUID", probe->uuid, sizeof(probe->uuid));
	take(text, "LABEL", probe->label, sizeof(probe->label));
}

int kb_volume_probe(const char *path, struct kb_volume_probe *ret_probe, struct kb_err *err)
{
	const char *argv[] = {KB_PATH_BLKID, "--probe", "--output", "export", path, NULL};
	struct kb_volume_probe probe = {.content = KB_VOLUME_OTHER};
	kb_autobuf struct kb_buf said = KB_BUF_INIT;
	int status = -1, rc;

	/* blkid has the same answer for "nothing on it" and "cannot be read" */
	if (access(path, R_OK) < 0)
		return kb_err_errno(err, KB_E_MISSING, "%s", path);
	if ((rc = ask(argv, &said, &status, err)) < 0)
		return rc;
	if (status == BLKID_NOTHING)
		probe.content = KB_VOLUME_EMPTY;
	else if (status == BLKID_AMBIVALENT)
		snprintf(probe.what, sizeof(probe.what), "more than one kind of data");
	else if (status == 0)
		read_probe(said.data, &probe);
	else
		return kb_err_set(err, KB_E_DEPENDENCY, "%s %s: exit %d", argv[0], path, status);
	*ret_probe = probe;
	return 0;
}

int kb_volume_check_unused(const char *path, struct kb_err *err)
{
	/* the kernel claims what it uses: mounts, swap, arrays, mappings */
	kb_autoclose int fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == EBUSY)
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s is in use: mounted, swap, or part of another device; `lsblk` "
				  "shows by what",
				  path);
	if (fd < 0)
		return kb_err_errno(err, errno == ENOENT ? KB_E_MISSING : KB_E_IO, "%s", path);
	if (fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	if (!S_ISBLK(st.st_mode))
		return kb_err_set(err, KB_E_PATH, "%s is not a block device", path);
	return 0;
}

/* Is NAME in the folder of devices a block device that nobody uses? What is in
 * use is mounted already, or a part of what is to be found instead. */
static bool is_candidate(int dirfd, const char *name)
{
	kb_autofree char *path = NULL;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISBLK(st.st_mode))
		return false;
	path = kb_format(KB_PATH_DEVICES "/%s", name);
	return kb_volume_check_unused(path, NULL) == 0;
}

/* The devices are given to blkid by name: on its own it finds only those that
 * have the kernel's. Links to them in the folders below are the same ones. */
static int collect_devices(const char **argv, size_t n, size_t max, struct kb_err *err)
{
	kb_autodir DIR *dir = NULL;
	const char *name;
	int rc = kb_dir_open(AT_FDCWD, KB_PATH_DEVICES, &dir, err);

	if (rc == KB_E_MISSING) /* here that would say: no such device */
		return kb_err_set(err, KB_E_IO, "there is no " KB_PATH_DEVICES);
	if (rc < 0)
		return rc;
	while (n < max && (rc = kb_dir_next(dir, &name, err)) > 0)
		if (is_candidate(dirfd(dir), name))
			argv[n++] = kb_format(KB_PATH_DEVICES "/%s", name);
	return rc < 0 ? kb_err_wrap(err, KB_PATH_DEVICES) : 0;
}

static int one_of(const char *tag, const char *paths, char **ret_path, struct kb_err *err)
{
	size_t len = strcspn(paths, "\n");

	if (paths[len] && paths[len + 1])
		return kb_err_set(err, KB_E_INVALID,
				  "more than one device has %s; name the right one, or change the "
				  "other's label",
				  tag);
	*ret_path = len ? kb_strndup(paths, len) : NULL;
	return 0;
}

int kb_volume_find(const char *tag, char **ret_path, struct kb_err *err)
{
	/* no cache: it may speak of yesterday's devices */
	static const char *const asked[] = {KB_PATH_BLKID,   "--cache-file", "/dev/null",
					    "--match-token", NULL,           "--output",
					    "device"};
	enum { N = sizeof(asked) / sizeof(asked[0]) };
	kb_autofree const char **argv = kb_alloc(DEVICES_MAX + 1, sizeof(*argv));
	kb_autobuf struct kb_buf said = KB_BUF_INIT;
	int status = BLKID_NOTHING, rc;

	memcpy(argv, asked, sizeof(asked));
	argv[4] = tag;
	rc = collect_devices(argv, N, DEVICES_MAX, err);
	if (rc == 0 && argv[N]) /* without a name blkid would look for some itself */
		rc = ask(argv, &said, &status, err);
	for (size_t i = N; argv[i]; i++)
		free((char *)(uintptr_t)argv[i]);
	if (rc < 0)
		return rc;
	*ret_path = NULL;
	if (status == BLKID_NOTHING)
		return 0;
	if (status != 0)
		return kb_err_set(err, KB_E_DEPENDENCY, "%s: exit %d", argv[0], status);
	return one_of(tag, said.data, ret_path, err);
}

/* ---- acting ---- */

static int act(struct kb_report *report, const char *id, const char *const *argv,
	       struct kb_err *err)
{
	const struct kb_tool tool = {
		.argv = argv, .env = environment, .timeout = ACT_TIMEOUT, .called = argv[0]};

	return kb_tool_act(report, id, &tool, err);
}

int kb_volume_format(struct kb_report *report, const char *id, const char *path, const char *label,
		     struct kb_err *err)
{
	const char *argv[] = {KB_PATH_MKFS_XFS, "-q", "-L", label, path, NULL};

	return act(report, id, argv, err);
}

int kb_volume_mount(struct kb_report *report, const char *id, const char *device,
		    const char *target, struct kb_err *err)
{
	const char *ours[] = {KB_PATH_MOUNT,     "-t",   "xfs",  "-o",
			      KB_VOLUME_OPTIONS, device, target, NULL};
	const char *listed[] = {KB_PATH_MOUNT, target, NULL};

	return act(report, id, device ? ours : listed, err);
}
