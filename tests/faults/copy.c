#include "tests/faults/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "tests/faults/fail.h"

void fail(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	fputs("the test cannot go on: ", stderr);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, ": %s\n", strerror(saved));
	va_end(ap);
	_exit(99);
}

void copy_file(const char *from, const char *to, mode_t mode)
{
	kb_autoclose int in = open(from, O_RDONLY | O_CLOEXEC);
	kb_autoclose int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char block[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		fail("copy %s to %s", from, to);
	while ((n = read(in, block, sizeof(block))) > 0)
		if (kb_write_full(out, block, (size_t)n, NULL) < 0)
			fail("write %s", to);
	if (n < 0 || fchmod(out, mode) < 0)
		fail("copy %s", from);
}

static void copy_link(const char *from, const char *to)
{
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof(target) - 1);

	if (n < 0)
		fail("readlink %s", from);
	target[n] = '\0';
	if (symlink(target, to) < 0)
		fail("symlink %s", to);
}

static void copy_entry(const FTSENT *e, const char *to)
{
	if (e->fts_info == FTS_D && mkdir(to, 0700) < 0)
		fail("mkdir %s", to);
	if (e->fts_info == FTS_F)
		copy_file(e->fts_accpath, to, 0600);
	if (e->fts_info == FTS_SL)
		copy_link(e->fts_accpath, to);
	if (lchown(to, e->fts_statp->st_uid, e->fts_statp->st_gid) < 0)
		fail("chown %s", to);
	/* a folder keeps its mode until it is full: we are root */
	if (e->fts_info != FTS_SL && chmod(to, e->fts_statp->st_mode & 07777) < 0)
		fail("chmod %s", to);
}

void copy_tree(const char *from, const char *to)
{
	char *paths[] = {(char *)(uintptr_t)from, NULL};
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;

	if (!fts)
		fail("walk %s", from);
	while ((e = fts_read(fts))) {
		kb_autofree char *at = kb_format("%s%s", to, e->fts_path + strlen(from));

		if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS)
			fail("walk %s", e->fts_path);
		if (e->fts_info == FTS_D || e->fts_info == FTS_F || e->fts_info == FTS_SL)
			copy_entry(e, at);
	}
	fts_close(fts);
}
