/* A1, A2, A8, A9: one byte of a signed bundle is another one. Every such file is
 * refused with the exit status of the place, before anything is written.
 *
 *	tamper BUNDLES PROGRAM SYSTEMCTL MUTATIONS RUNS
 *
 * MUTATIONS are made in this process: each byte of header and manifest in turn
 * with other values, the bytes of the chunks, the stub now and then because it
 * costs a pass over all of it. RUNS are whole runs of the program on a host that
 * has the release before; the host must not change, and takes the good bundle
 * at the end.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bundle.h"
#include "core/file.h"
#include "core/format.h"
#include "tests/faults/copy.h"
#include "tests/faults/fail.h"
#include "tests/faults/sweep.h"

enum { STUB, HEADER, MANIFEST, CHUNKS, REGIONS };

static const char *const names[REGIONS] = {"A8 stub", "A9 header", "A1 manifest", "A2 chunks"};

struct target {
	int fd;
	struct kb_trust trust;
	uint64_t from[REGIONS + 1]; /* where each region begins; the file's end */
};

/* The statuses that may be the answer, by region. The place of a key holds a
 * key: another one is a signature that does not match. */
static bool is_fitting(int region, int code)
{
	if (region == HEADER)
		return code == 20 || code == 11 || code == 22 || code == 10;
	return code == (region == MANIFEST ? 11 : 20);
}

static int region_of(const struct target *t, uint64_t at)
{
	int region = 0;

	while (at >= t->from[region + 1])
		region++;
	return region;
}

static void open_target(const struct options *o, struct target *t)
{
	kb_autofree char *path = kb_format("%s/release-2/keybuzz-mini.run", o->bundles);
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	struct kb_bundle *b;
	const uint8_t *part;
	struct kb_err err;
	size_t len;

	t->fd = memfd_create("bundle", MFD_CLOEXEC);
	if (t->fd < 0 || kb_file_read(path, 64 << 20, &bytes, NULL) < 0 ||
	    kb_write_full(t->fd, bytes.data, bytes.len, NULL) < 0)
		fail("read %s", path);
	if (kb_trust_load(o->bundles, &t->trust, &err) < 0 ||
	    kb_bundle_open(dup(t->fd), path, &t->trust, &b, &err) < 0)
		fail("open %s: %s", path, err.text);
	kb_bundle_signed_part(b, &part, &len);
	t->from[STUB] = 0;
	t->from[HEADER] = KB_STUB_SPAN;
	t->from[MANIFEST] = KB_STUB_SPAN + KB_HEADER_LEN;
	t->from[CHUNKS] = KB_STUB_SPAN + len;
	t->from[REGIONS] = bytes.len;
	kb_bundle_close(b);
}

static int sink(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	(void)ctx;
	(void)data;
	(void)len;
	(void)err;
	return 0;
}

/* As much as is needed to come across the byte. */
static int read_through(const struct target *t, int region)
{
	struct kb_bundle *b;
	int rc = kb_bundle_open(dup(t->fd), "bundle", &t->trust, &b, NULL);

	if (rc < 0)
		return rc;
	if (region == STUB)
		rc = kb_bundle_verify(b, NULL, NULL);
	for (size_t i = 0; rc == 0 && region == CHUNKS && i < kb_bundle_manifest(b)->n_blobs; i++)
		rc = kb_bundle_stream(b, (uint32_t)i, sink, NULL, NULL);
	kb_bundle_close(b);
	return rc;
}

static void set_byte(int fd, uint64_t at, uint8_t value)
{
	if (pwrite(fd, &value, 1, (off_t)at) != 1)
		fail("change a byte");
}

static uint8_t get_byte(int fd, uint64_t at)
{
	uint8_t value;

	if (pread(fd, &value, 1, (off_t)at) != 1)
		fail("read a byte");
	return value;
}

static void note(const struct work *w, bool good, int region, uint64_t at, uint8_t value, int code)
{
	count(good ? &w->counts->passed : &w->counts->failed);
	if (!good)
		printf("FAILED: %s, byte %llu made %u: exit %d\n", names[region],
		       (unsigned long long)at, value, code);
}

static void mutate(const struct work *w, const struct target *t, uint64_t at, uint8_t other)
{
	int region = region_of(t, at), code;
	uint8_t good = get_byte(t->fd, at);

	set_byte(t->fd, at, (uint8_t)(good ^ other));
	code = -read_through(t, region);
	set_byte(t->fd, at, good);
	note(w, is_fitting(region, code), region, at, good ^ other, code);
}

/* The i-th of N, in a region: every byte in turn, then the next other value. */
static void mutate_region(const struct work *w, const struct target *t, int region, long n)
{
	uint64_t size = t->from[region + 1] - t->from[region];
	/* fewer than bytes: evenly spread */
	uint64_t step = (uint64_t)n < size ? size / (uint64_t)n : 1;

	for (long i = w->worker; i < n; i += w->o->jobs) {
		uint64_t at = (uint64_t)i * step;

		mutate(w, t, t->from[region] + at % size, (uint8_t)(1 + at / size % 255));
	}
}

static void in_process(const struct work *w)
{
	long n = w->o->points;
	struct target t;

	open_target(w->o, &t);
	mutate_region(w, &t, HEADER, n * 35 / 100);
	mutate_region(w, &t, MANIFEST, n * 40 / 100);
	mutate_region(w, &t, CHUNKS, n - n * 35 / 100 - n * 40 / 100 - n / 500);
	mutate_region(w, &t, STUB, n / 500);
	close(t.fd);
}

static char *list(const struct sweep *s)
{
	struct kb_buf out = KB_BUF_INIT;

	world_list(&s->world, &out);
	return kb_buf_steal(&out);
}

static int install(const struct sweep *s, const char *bundle)
{
	const char *argv[] = {"/keybuzz-run", "install", bundle,   "--host",
			      "mini-01",      "--quiet", "--json", NULL};
	struct trace t = {.root = s->world.root, .argv = argv, .output = s->output};
	struct trace_result result;

	trace_run(&t, &result);
	return result.status;
}

/* A quarter of the runs for each region, evenly spread in it. */
static void one_run(const struct work *w, const struct sweep *s, const struct target *t, int fd,
		    const char *before, long i)
{
	int region = (int)(i % REGIONS), code;
	uint64_t size = t->from[region + 1] - t->from[region];
	uint64_t at = t->from[region] + (uint64_t)i * 7919u * (size / 4001 + 1) % size;
	uint8_t good = get_byte(fd, at), other = (uint8_t)(good ^ (1u << (i / REGIONS % 8)));
	kb_autofree char *after = NULL;

	set_byte(fd, at, other);
	code = install(s, "/tmp/bundle.run");
	set_byte(fd, at, good);
	after = list(s);
	if (strcmp(before, after) != 0) {
		printf("FAILED: %s, byte %llu: the host changed\n", names[region],
		       (unsigned long long)at);
		world_print_difference(before, after);
	}
	note(w, is_fitting(region, code) && strcmp(before, after) == 0, region, at, other, code);
}

static void in_runs(const struct work *w, struct sweep *s)
{
	kb_autofree char *from = kb_format("%s/release-2/keybuzz-mini.run", s->world.bundles);
	kb_autofree char *to = kb_format("%s/tmp/bundle.run", s->world.root), *before = NULL;
	struct target t;
	int fd, last;

	open_target(w->o, &t);
	sweep_begin(s);
	copy_file(from, to, 0755);
	if ((fd = open(to, O_RDWR | O_CLOEXEC)) < 0)
		fail("open %s", to);
	before = list(s);
	for (long i = w->worker; i < w->o->pairs; i += w->o->jobs)
		one_run(w, s, &t, fd, before, i);
	close(fd); /* nobody runs a file that is open for writing */
	last = install(s, "/tmp/bundle.run");
	printf("%s: the good bundle afterwards: exit %d\n", last ? "FAILED" : "ok", last);
	count(last ? &w->counts->failed : &w->counts->passed);
	close(t.fd);
}

static void work(const struct work *w, struct sweep *s)
{
	if (strcmp(s->scenario->name, "upgrade") != 0)
		return;
	in_process(w);
	in_runs(w, s);
}

int main(int argc, char **argv)
{
	struct options o;

	sweep_options(argc, argv, &o);
	sweep_all(&o, work);
}
