#include "tests/unit/fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "builder/pack.h"
#include "builder/store.h"
#include "core/file.h"
#include "core/format.h"
#include "core/header.h"
#include "core/value.h"
#include "tests/unit/unit.h"

enum { LARGE = (4 << 20) + 12345, LAYER = 1 << 20 };

static void must(int rc, const struct kb_err *err)
{
	if (rc < 0) {
		fprintf(stderr, "fixture: %s\n", err->text);
		abort();
	}
}

static struct kb_store *store_of(const char *dir)
{
	kb_autofree char *path = kb_format("%s/store", dir);
	struct kb_store *store = NULL;
	struct kb_err err;

	must(kb_store_open(path, &store, &err), &err);
	return store;
}

/* Deterministic bytes that compress a little. */
static void put_noise(struct kb_store *store, uint32_t seed, size_t len, struct kb_digest *digest)
{
	kb_autofree uint8_t *bytes = kb_alloc(len, 1);
	struct kb_err err;

	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = i % 8 < 5 ? (uint8_t)(seed >> 24) : 'x';
	}
	must(kb_store_put(store, bytes, len, digest, &err), &err);
}

static int by_digest(const void *a, const void *b)
{
	return kb_digest_cmp(&((const struct kb_blob *)a)->digest,
			     &((const struct kb_blob *)b)->digest);
}

static void set(char **field, const char *value)
{
	free(*field);
	*field = kb_strdup(value);
}

static void set_texts(struct kb_manifest *m)
{
	set(&m->product, "keybuzz");
	set(&m->role, "redis");
	set(&m->version, "1.0.0");
	set(&m->channel, "stable");
	set(&m->arch, "x86_64");
	set(&m->summary, "a test");
	set(&m->select_role, "redis");
	m->epoch = m->counter = 1;
	kb_value_set(m->variables, "port", kb_value_text("6379"));
}

static void set_steps(struct kb_manifest *m)
{
	static const struct kb_step steps[] = {
		{.id = "data",
		 .kind = KB_STEP_DIRECTORY,
		 .mode = 0750,
		 .uid = 999,
		 .target = "/opt/keybuzz/redis/data"},
		{.id = "conf",
		 .kind = KB_STEP_FILE,
		 .mode = 0640,
		 .source = "roles/redis/a",
		 .target = "/opt/keybuzz/redis/a"},
		{.id = "up", .kind = KB_STEP_WAIT, .timeout = 60, .source = "roles/redis/b"},
	};

	m->n_steps = sizeof(steps) / sizeof(steps[0]);
	m->steps = kb_alloc(m->n_steps, sizeof(*m->steps));
	for (size_t i = 0; i < m->n_steps; i++) {
		m->steps[i] = steps[i];
		m->steps[i].id = kb_strdup(steps[i].id);
		m->steps[i].source = kb_strdup(steps[i].source ? steps[i].source : "");
		m->steps[i].target = kb_strdup(steps[i].target ? steps[i].target : "");
		m->steps[i].args = kb_alloc(0, 1);
		m->steps[i].watch = kb_alloc(0, 1);
	}
}

static void set_content(struct kb_manifest *m, struct kb_store *store)
{
	static const size_t sizes[] = {10, 70000, LARGE, 300, LAYER, 0, 2 * LAYER + 1};
	static const char *const paths[] = {"roles/redis/a", "roles/redis/b", "roles/redis/big"};
	struct kb_digest digests[7];

	m->n_blobs = 7;
	m->blobs = kb_alloc(7, sizeof(*m->blobs));
	for (uint32_t i = 0; i < 7; i++) {
		put_noise(store, i, sizes[i], &digests[i]);
		m->blobs[i].digest = digests[i];
		m->blobs[i].size = sizes[i];
	}
	qsort(m->blobs, 7, sizeof(*m->blobs), by_digest);
	m->n_files = 4;
	m->files = kb_alloc(4, sizeof(*m->files));
	for (uint32_t i = 0; i < 4; i++) {
		m->files[i].path = kb_strdup(i < 3 ? paths[i] : "servers.tsv");
		m->files[i].mode = 0644;
		m->files[i].blob = (uint32_t)kb_manifest_blob(m, &digests[i < 3 ? i : 5]);
	}
	m->n_images = 1;
	m->images = kb_alloc(1, sizeof(*m->images));
	m->images[0].name = kb_strdup("redis");
	m->images[0].reference = kb_strdup("keybuzz/redis:1");
	m->images[0].origin = kb_strdup("test");
	m->images[0].config = (uint32_t)kb_manifest_blob(m, &digests[3]);
	m->images[0].n_layers = 2;
	m->images[0].layers = kb_alloc(2, sizeof(uint32_t));
	m->images[0].layers[0] = (uint32_t)kb_manifest_blob(m, &digests[4]);
	m->images[0].layers[1] = (uint32_t)kb_manifest_blob(m, &digests[6]);
}

static struct kb_manifest *make_manifest(struct kb_store *store)
{
	struct kb_manifest *m = kb_manifest_new();

	set_texts(m);
	set_content(m, store);
	set_steps(m);
	return m;
}

static void read_back(struct kb_fixture *f)
{
	struct kb_buf bytes = KB_BUF_INIT;
	struct kb_err err;

	must(kb_file_read(f->path, 64 << 20, &bytes, &err), &err);
	f->len = bytes.len;
	f->bytes = (uint8_t *)kb_buf_steal(&bytes);
}

static void make(struct kb_fixture *f)
{
	struct kb_store *store;
	struct kb_manifest *m;
	struct kb_buf manifest = KB_BUF_INIT;
	struct kb_err err;
	kb_autofree char *stub = kb_format("%s/fixture-stub", kb_test_dir());
	struct kb_pack pack = {.stub = stub, .level = 3};

	f->dir = kb_format("%s/fixture", kb_test_dir());
	must(kb_mkdirs(f->dir, 0755, &err), &err);
	f->path = kb_format("%s/keybuzz-redis.run", f->dir);
	must(kb_file_replace(stub, "not a program", 13, 0755, &err), &err);
	must(kb_secret_key_generate(&f->key, &err), &err);
	kb_secret_key_public(f->key, &f->trust.keys[0]);
	f->trust.n = 1;
	store = store_of(f->dir);
	pack.store = store;
	pack.key = f->key;
	m = make_manifest(store);
	must(kb_pack_write(&pack, m, f->path, &err), &err);
	kb_manifest_write(m, &manifest);
	f->manifest_len = manifest.len;
	kb_buf_free(&manifest);
	kb_manifest_free(m);
	kb_store_close(store);
	read_back(f);
}

const struct kb_fixture *kb_fixture(void)
{
	static struct kb_fixture fixture;

	if (!fixture.dir)
		make(&fixture);
	return &fixture;
}

int kb_fixture_open(const uint8_t *bytes, size_t len, const struct kb_trust *trust,
		    struct kb_bundle **ret_bundle, struct kb_err *err)
{
	/* in memory: many thousand of these are opened */
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	if (fd < 0 || kb_write_full(fd, bytes, len, err) < 0)
		abort();
	return kb_bundle_open(fd, "test.run", trust, ret_bundle, err);
}

struct kb_manifest *kb_fixture_manifest(void)
{
	const struct kb_fixture *f = kb_fixture();
	struct kb_manifest *m = NULL;
	struct kb_err err;

	must(kb_manifest_read(f->bytes + KB_STUB_SPAN + KB_HEADER_LEN, f->manifest_len, &m, &err),
	     &err);
	return m;
}

void kb_fixture_resign(const void *manifest, size_t len, const void *chunks, size_t chunks_len,
		       struct kb_buf *out)
{
	const struct kb_fixture *f = kb_fixture();
	kb_autobuf struct kb_buf covered = KB_BUF_INIT;
	struct kb_header header = {.manifest_len = (uint32_t)len, .n_slots = 1};
	uint8_t bytes[KB_HEADER_LEN];
	struct kb_err err;

	kb_pae(KB_PURPOSE, manifest, len, &covered);
	kb_secret_key_public(f->key, &header.slots[0].key);
	must(kb_secret_key_sign(f->key, covered.data, covered.len, header.slots[0].signature, &err),
	     &err);
	kb_header_write(&header, bytes);
	kb_buf_add(out, f->bytes, KB_STUB_SPAN);
	kb_buf_add(out, bytes, sizeof(bytes));
	kb_buf_add(out, manifest, len);
	kb_buf_add(out, chunks, chunks_len);
}

int kb_fixture_verify(const void *bytes, size_t len)
{
	struct kb_bundle *bundle = NULL;
	struct kb_err err = {.code = 0};
	int rc = kb_fixture_open(bytes, len, &kb_fixture()->trust, &bundle, &err);

	if (rc == 0)
		rc = kb_bundle_verify(bundle, NULL, &err);
	kb_bundle_close(bundle);
	return rc;
}
