#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/file.h"
#include "stub/journal.h"
#include "tests/faults/fail.h"
#include "tests/faults/world.h"

static void read_whole(const char *path, struct kb_buf *text)
{
	kb_buf_reserve(text, 0);
	if (kb_file_read(path, 64 << 20, text, NULL) < 0)
		fail("read %s", path);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_last(const struct kb_records *r, size_t i)
{
	for (size_t j = i + 1; j < r->n; j++)
		if (memcmp(r->at[i].step, r->at[j].step, sizeof(r->at[i].step)) == 0)
			return false;
	return true;
}

/* The last word about each step; the order in which they were said last does
 * not count, but that the COMMIT came after all of them does. */
static void list_journal(const char *path, struct kb_buf *out)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	char **lines, hex[33];
	struct kb_records r;
	size_t n = 0;

	read_whole(path, &bytes);
	if (kb_records_parse((const uint8_t *)bytes.data, bytes.len, WORLD_ROLE, &r, NULL) < 0) {
		kb_buf_puts(out, "  damaged\n");
		return;
	}
	lines = kb_alloc(r.n, sizeof(*lines));
	for (size_t i = 0; i < r.n; i++) {
		if (!is_last(&r, i))
			continue;
		kb_hex(r.at[i].step, sizeof(r.at[i].step), hex);
		lines[n++] = kb_format("  step %s state %u input %.16s\n", hex, r.at[i].state,
				       kb_digest_hex(&r.at[i].input));
	}
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; free(lines[i++]))
		kb_buf_puts(out, lines[i]);
	kb_buf_printf(out, "  ends with %u, %zu torn bytes\n", r.n ? r.at[r.n - 1].state : 0,
		      bytes.len - r.n * KB_RECORD_LEN);
	free(lines);
	free(r.at);
}

/* All lines but the one with the time, and the sum of all of them. */
static void list_record(const char *path, struct kb_buf *out)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	read_whole(path, &text);
	for (char *line = text.data, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			break;
		*end = '\0';
		if (strncmp(line, "time", 4) != 0 && strncmp(line, "sum ", 4) != 0)
			kb_buf_printf(out, "  %s\n", line);
	}
}

static bool ends_with(const char *path, const char *end)
{
	size_t a = strlen(path), b = strlen(end);

	return a >= b && strcmp(path + a - b, end) == 0;
}

static void list_file(const FTSENT *e, const char *path, struct kb_buf *out)
{
	kb_autoclose int fd = -1;
	struct kb_digest d;

	if (ends_with(path, "/" WORLD_ROLE "/journal")) {
		kb_buf_puts(out, " a journal\n");
		list_journal(e->fts_accpath, out);
	} else if (ends_with(path, "/" WORLD_ROLE "/state")) {
		kb_buf_puts(out, " a record\n");
		list_record(e->fts_accpath, out);
	} else {
		fd = open(e->fts_accpath, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || kb_digest_of_fd(fd, &d, NULL, NULL) < 0)
			fail("read %s", path);
		kb_buf_printf(out, " %lld %.24s\n", (long long)e->fts_statp->st_size,
			      kb_digest_hex(&d));
	}
}

static void list_entry(const FTSENT *e, const char *path, struct kb_buf *out)
{
	const struct stat *st = e->fts_statp;
	char target[PATH_MAX];
	ssize_t n;

	kb_buf_printf(out, "%s %06o %u:%u", path, st->st_mode, st->st_uid, st->st_gid);
	if (S_ISREG(st->st_mode)) {
		list_file(e, path, out);
		return;
	}
	n = S_ISLNK(st->st_mode) ? readlink(e->fts_accpath, target, sizeof(target) - 1) : 0;
	target[n > 0 ? n : 0] = '\0';
	kb_buf_printf(out, " %s\n", target);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

void world_list(const struct world *w, struct kb_buf *out)
{
	kb_autofree char *etc = kb_format("%s/etc", w->root), *opt = kb_format("%s/opt", w->root);
	kb_autofree char *run = kb_format("%s/run", w->root), *var = kb_format("%s/var", w->root);
	char *paths[] = {etc, opt, run, var, NULL};
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *e;

	if (!fts)
		fail("walk %s", w->root);
	while ((e = fts_read(fts)))
		if (e->fts_info != FTS_DP && !strstr(e->fts_path, "/keybuzz-installer/logs"))
			list_entry(e, e->fts_path + strlen(w->root), out);
	fts_close(fts);
}

static bool has_line(const char *text, const char *line, size_t len)
{
	for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
		if (strncmp(p, line, len) == 0 && p[len] == '\n')
			return true;
		if (!strchr(p, '\n'))
			break;
	}
	return false;
}

static void print_missing(const char *in, const char *from, const char *sign)
{
	for (const char *p = from; *p;) {
		size_t len = strcspn(p, "\n");

		if (!has_line(in, p, len))
			printf("    %s %.*s\n", sign, (int)len, p);
		p += len + (p[len] == '\n');
	}
}

bool world_has_all(const char *wanted, const char *found)
{
	for (const char *p = wanted; *p;) {
		size_t len = strcspn(p, "\n");

		if (!has_line(found, p, len))
			return false;
		p += len + (p[len] == '\n');
	}
	return true;
}

void world_print_difference(const char *wanted, const char *found)
{
	print_missing(found, wanted, "-");
	print_missing(wanted, found, "+");
}
