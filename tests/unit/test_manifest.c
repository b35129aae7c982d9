#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/format.h"
#include "core/value.h"

static int read_again(struct kb_manifest *m)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	struct kb_manifest *back = NULL;
	struct kb_err err;
	int rc;

	kb_manifest_write(m, &bytes);
	rc = kb_manifest_read((uint8_t *)bytes.data, bytes.len, &back, &err);
	kb_manifest_free(back);
	kb_manifest_free(m);
	return rc;
}

#define REFUSED(change, code)                                  \
	do {                                                   \
		struct kb_manifest *m = kb_fixture_manifest(); \
		change;                                        \
		assert_int_equal(read_again(m), code);         \
	} while (0)

static void set(char **field, const char *value)
{
	free(*field);
	*field = kb_strdup(value);
}

KB_TEST(manifest_reads_back_what_was_written)
{
	struct kb_manifest *m = kb_fixture_manifest();

	assert_string_equal(m->role, "redis");
	assert_string_equal(kb_value_str(kb_value_get(m->variables, "port"), NULL), "6379");
	assert_int_equal(read_again(m), 0);
}

/* The key is in the signed bytes: what is read back says the same. */
KB_TEST(manifest_keeps_the_network_of_steps)
{
	struct kb_manifest *m = kb_fixture_manifest(), *back = NULL;
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	struct kb_err err;

	assert_string_equal(kb_step_network(&m->steps[0]), "");
	assert_string_equal(kb_step_network(&m->steps[2]), "none");
	m->steps[2].flags = KB_STEP_NETWORK;
	kb_manifest_write(m, &bytes);
	assert_int_equal(kb_manifest_read((uint8_t *)bytes.data, bytes.len, &back, &err), 0);
	assert_string_equal(kb_step_network(&back->steps[2]), "local");
	kb_manifest_free(back);
	kb_manifest_free(m);
}

KB_TEST(manifest_cut_anywhere_is_invalid)
{
	const struct kb_fixture *f = kb_fixture();
	const uint8_t *bytes = f->bytes + KB_STUB_SPAN + KB_HEADER_LEN;

	for (size_t len = 0; len < f->manifest_len; len++) {
		struct kb_manifest *m = NULL;
		struct kb_err err;

		assert_int_equal(kb_manifest_read(bytes, len, &m, &err), KB_E_INVALID);
	}
}

/* Unsigned mutations straight into the parser: never a crash, and what is
 * accepted must be canonical (kb_manifest_read checks that itself). */
KB_TEST(manifest_survives_every_byte_changed)
{
	const struct kb_fixture *f = kb_fixture();
	kb_autofree uint8_t *bytes = kb_alloc(f->manifest_len, 1);

	memcpy(bytes, f->bytes + KB_STUB_SPAN + KB_HEADER_LEN, f->manifest_len);
	for (size_t i = 0; i < f->manifest_len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct kb_manifest *m = NULL;
			struct kb_err err;

			bytes[i] ^= (uint8_t)(1u << bit);
			if (kb_manifest_read(bytes, f->manifest_len, &m, &err) == 0)
				kb_manifest_free(m);
			bytes[i] ^= (uint8_t)(1u << bit);
		}
}

KB_TEST(manifest_unsafe_paths_are_refused)
{
	REFUSED(set(&m->files[0].path, "../x"), KB_E_PATH);
	REFUSED(set(&m->files[0].path, "/etc/x"), KB_E_PATH);
	REFUSED(set(&m->files[0].path, "a//b"), KB_E_PATH);
	REFUSED(m->files[0].mode = 04755, KB_E_PATH);
	REFUSED(set(&m->steps[0].target, "relative"), KB_E_PATH);
	REFUSED(set(&m->steps[0].target, "/var/lib/keybuzz/x"), KB_E_PATH);
	REFUSED(set(&m->steps[0].target, "/opt/../etc"), KB_E_PATH);
}

KB_TEST(manifest_orders_and_references_are_checked)
{
	REFUSED(set(&m->files[1].path, "roles/redis/a"), KB_E_INVALID);
	REFUSED(m->files[0].blob = 99, KB_E_INVALID);
	REFUSED(m->images[0].config = 7, KB_E_INVALID);
	REFUSED(m->images[0].layers[1] = 7, KB_E_INVALID);
	REFUSED(set(&m->images[0].name, "no name"), KB_E_INVALID);
	REFUSED(m->steps[1].kind = 0, KB_E_INVALID);
	REFUSED(m->steps[1].kind = KB_STEP_CHECK, KB_E_INVALID);
	REFUSED(m->steps[1].phase = 9, KB_E_INVALID);
	REFUSED(m->steps[1].flags = KB_STEP_ALWAYS, KB_E_INVALID);
	REFUSED(m->steps[1].flags = KB_STEP_NETWORK, KB_E_INVALID);
	REFUSED(m->steps[2].flags = KB_STEP_FLAGS + 1, KB_E_INVALID);
	REFUSED(m->steps[1].mode = 0646, KB_E_INVALID);
	REFUSED(m->steps[2].timeout = 0, KB_E_INVALID);
	REFUSED(set(&m->steps[1].source, "roles/redis/none"), KB_E_INVALID);
	REFUSED(set(&m->steps[1].id, "data"), KB_E_INVALID);
	REFUSED(set(&m->role, "Redis"), KB_E_INVALID);
	REFUSED(set(&m->role, ""), KB_E_INVALID);
	REFUSED(set(&m->engine, "magic"), KB_E_INVALID);
}

KB_TEST(manifest_blobs_must_tile_the_chunks)
{
	REFUSED(m->blobs[0].size++, KB_E_INVALID);
	REFUSED(m->blobs[6].size--, KB_E_INVALID);
	REFUSED(m->blobs[1].offset++, KB_E_INVALID);
	REFUSED(m->blobs[1].chunk = 4000000000u, KB_E_INVALID);
	REFUSED(m->blobs[0].size = UINT64_MAX, KB_E_INVALID);
	REFUSED(m->chunks[0].plain++, KB_E_INVALID);
	REFUSED(m->chunks[0].plain = 0, KB_E_INVALID);
	REFUSED(m->chunks[0].plain = KB_CHUNK_PLAIN + 1, KB_E_INVALID);
	REFUSED(m->chunks[0].stored = KB_CHUNK_STORED + 1, KB_E_INVALID);
	REFUSED(m->chunks[0].stored = 0, KB_E_INVALID);
}

KB_TEST(manifest_content_id_ignores_how_it_is_packed)
{
	struct kb_manifest *a = kb_fixture_manifest(), *b = kb_fixture_manifest();
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	b->level = 19;
	set(&b->zstd, "9.9.9");
	b->chunks[0].stored--;
	kb_manifest_write(a, &out);
	kb_manifest_write(b, &out);
	assert_true(kb_digest_eq(&a->content_id, &b->content_id));
	set(&b->steps[0].target, "/opt/elsewhere");
	kb_manifest_write(b, &out);
	assert_false(kb_digest_eq(&a->content_id, &b->content_id));
	kb_manifest_free(a);
	kb_manifest_free(b);
}
