#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/format.h"
#include "core/header.h"

KB_TEST(bundle_good_is_accepted)
{
	const struct kb_fixture *f = kb_fixture();

	assert_int_equal(kb_fixture_verify(f->bytes, f->len), 0);
}

static uint8_t *copy_of_fixture(void)
{
	const struct kb_fixture *f = kb_fixture();
	uint8_t *copy = kb_alloc(f->len, 1);

	memcpy(copy, f->bytes, f->len);
	return copy;
}

/* A change anywhere: same length, one byte different. The file is patched in
 * place, so that thousands of them are cheap. */
struct patched {
	int fd;
	uint8_t *bytes;
	size_t len;
};

static void patched_open(struct patched *p)
{
	p->fd = memfd_create("patched", 0);
	p->bytes = copy_of_fixture();
	p->len = kb_fixture()->len;
	assert_int_equal(write(p->fd, p->bytes, p->len), p->len);
}

static void patched_close(struct patched *p)
{
	close(p->fd);
	free(p->bytes);
}

static int with_byte(const struct patched *p, size_t at, uint8_t value, bool verify)
{
	struct kb_bundle *bundle = NULL;
	struct kb_err err = {.code = 0};
	int rc;

	assert_int_equal(pwrite(p->fd, &value, 1, (off_t)at), 1);
	rc = kb_bundle_open(dup(p->fd), "x.run", &kb_fixture()->trust, &bundle, &err);
	if (rc == 0 && verify)
		rc = kb_bundle_verify(bundle, NULL, &err);
	kb_bundle_close(bundle);
	assert_int_equal(pwrite(p->fd, &p->bytes[at], 1, (off_t)at), 1);
	return rc;
}

KB_TEST(A1_every_manifest_byte_flipped_is_a_bad_signature)
{
	struct patched p;

	patched_open(&p);
	for (size_t i = 0; i < kb_fixture()->manifest_len; i++) {
		size_t at = KB_STUB_SPAN + KB_HEADER_LEN + i;

		assert_int_equal(with_byte(&p, at, p.bytes[at] ^ 1, false), KB_E_SIGNATURE);
		assert_int_equal(with_byte(&p, at, p.bytes[at] ^ 0x80, false), KB_E_SIGNATURE);
	}
	patched_close(&p);
}

KB_TEST(A2_chunk_bytes_flipped_are_damage)
{
	struct patched p;
	size_t start = KB_STUB_SPAN + KB_HEADER_LEN + kb_fixture()->manifest_len;

	patched_open(&p);
	for (size_t i = 0; i < 60; i++) {
		size_t at = start + (p.len - start - 1) * i / 59;

		assert_int_equal(with_byte(&p, at, p.bytes[at] ^ 4, true), KB_E_DAMAGED);
	}
	patched_close(&p);
}

KB_TEST(A3_A4_truncation_is_damage)
{
	const struct kb_fixture *f = kb_fixture();
	const size_t lens[] = {0,
			       1,
			       4095,
			       4096,
			       KB_STUB_SPAN - 1,
			       KB_STUB_SPAN,
			       KB_STUB_SPAN + 1,
			       KB_STUB_SPAN + KB_HEADER_LEN,
			       KB_STUB_SPAN + KB_HEADER_LEN + 5,
			       KB_STUB_SPAN + KB_HEADER_LEN + f->manifest_len - 1,
			       KB_STUB_SPAN + KB_HEADER_LEN + f->manifest_len,
			       f->len / 2 * 2 - 4096,
			       f->len - 1};

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		assert_int_equal(kb_fixture_verify(f->bytes, lens[i]), KB_E_DAMAGED);
}

KB_TEST(A5_appended_byte_is_damage)
{
	const struct kb_fixture *f = kb_fixture();
	kb_autofree uint8_t *longer = kb_alloc(f->len + 1, 1);

	memcpy(longer, f->bytes, f->len);
	assert_int_equal(kb_fixture_verify(longer, f->len + 1), KB_E_DAMAGED);
}

KB_TEST(A7_swapped_chunks_are_damage)
{
	struct kb_manifest *m = kb_fixture_manifest();
	kb_autofree uint8_t *copy = copy_of_fixture();
	size_t at = KB_STUB_SPAN + KB_HEADER_LEN + kb_fixture()->manifest_len;
	kb_autofree uint8_t *first = kb_alloc(m->chunks[0].stored, 1);

	assert_true(m->n_chunks >= 3);
	memcpy(first, copy + at, m->chunks[0].stored);
	memmove(copy + at, copy + at + m->chunks[0].stored, m->chunks[1].stored);
	memcpy(copy + at + m->chunks[1].stored, first, m->chunks[0].stored);
	assert_int_equal(kb_fixture_verify(copy, kb_fixture()->len), KB_E_DAMAGED);
	kb_manifest_free(m);
}

KB_TEST(A8_stub_byte_flipped_is_damage)
{
	struct patched p;
	const size_t at[] = {0, 5, 12, 4096, KB_STUB_SPAN / 2, KB_STUB_SPAN - 1};

	patched_open(&p);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		assert_int_equal(with_byte(&p, at[i], p.bytes[at[i]] ^ 1, true), KB_E_DAMAGED);
	patched_close(&p);
}

KB_TEST(A9_every_header_byte_flipped_is_refused)
{
	struct patched p;

	patched_open(&p);
	for (size_t i = 0; i < KB_HEADER_LEN; i++) {
		size_t at = KB_STUB_SPAN + i;
		int rc = with_byte(&p, at, p.bytes[at] ^ 1, false);

		assert_true(rc == KB_E_SIGNATURE || rc == KB_E_DAMAGED || rc == KB_E_INVALID);
	}
	patched_close(&p);
}

KB_TEST(A11_manifest_length_out_of_bounds_is_invalid)
{
	static const uint32_t lengths[] = {0, (1u << 20) + 1, 1u << 31, 0xffffffffu};
	kb_autofree uint8_t *copy = copy_of_fixture();

	for (size_t i = 0; i < 4; i++) {
		for (unsigned b = 0; b < 4; b++)
			copy[KB_STUB_SPAN + 20 + b] = (uint8_t)(lengths[i] >> (8 * b));
		assert_int_equal(kb_fixture_verify(copy, kb_fixture()->len), KB_E_INVALID);
	}
}

/* Signed again with a field changed: what the parser itself must refuse. */
static int with_manifest(struct kb_manifest *m)
{
	const struct kb_fixture *f = kb_fixture();
	size_t chunks_at = KB_STUB_SPAN + KB_HEADER_LEN + f->manifest_len;
	kb_autobuf struct kb_buf manifest = KB_BUF_INIT, file = KB_BUF_INIT;

	kb_manifest_write(m, &manifest);
	kb_fixture_resign(manifest.data, manifest.len, f->bytes + chunks_at, f->len - chunks_at,
			  &file);
	kb_manifest_free(m);
	return kb_fixture_verify(file.data, file.len);
}

KB_TEST(A12_total_size_must_be_the_files)
{
	static const int64_t off[] = {1, -1, INT64_MAX, INT64_MIN};

	for (size_t i = 0; i < 4; i++) {
		struct kb_manifest *m = kb_fixture_manifest();
		int rc;

		m->total_size += (uint64_t)off[i];
		rc = with_manifest(m);
		assert_true(rc == KB_E_DAMAGED || rc == KB_E_INVALID);
	}
}

KB_TEST(A15_bytes_behind_the_manifest_are_invalid)
{
	const struct kb_fixture *f = kb_fixture();
	kb_autobuf struct kb_buf manifest = KB_BUF_INIT, file = KB_BUF_INIT;

	kb_buf_add(&manifest, f->bytes + KB_STUB_SPAN + KB_HEADER_LEN, f->manifest_len);
	kb_buf_putc(&manifest, 'x');
	kb_fixture_resign(manifest.data, manifest.len, "", 0, &file);
	assert_int_equal(kb_fixture_verify(file.data, file.len), KB_E_INVALID);
}

KB_TEST(A16_the_same_key_twice_is_a_bad_signature)
{
	kb_autofree uint8_t *copy = copy_of_fixture();
	uint8_t *slots = copy + KB_STUB_SPAN + KB_SLOTS_OFFSET;

	memcpy(slots + KB_SLOT_LEN, slots, KB_SLOT_LEN);
	assert_int_equal(kb_fixture_verify(copy, kb_fixture()->len), KB_E_SIGNATURE);
}

KB_TEST(A17_no_signature_is_a_bad_signature)
{
	kb_autofree uint8_t *copy = copy_of_fixture();

	memset(copy + KB_STUB_SPAN + KB_SLOTS_OFFSET, 0, KB_SLOT_LEN);
	assert_int_equal(kb_fixture_verify(copy, kb_fixture()->len), KB_E_SIGNATURE);
}

/* Anybody can make one, for every message: see test_key.c. */
KB_TEST(A17_a_signature_by_a_key_nobody_has_is_a_bad_signature)
{
	kb_autofree uint8_t *copy = copy_of_fixture();
	uint8_t *second = copy + KB_STUB_SPAN + KB_SLOTS_OFFSET + KB_SLOT_LEN;

	second[0] = second[KB_KEY_LEN] = 1;
	assert_int_equal(kb_fixture_verify(copy, kb_fixture()->len), KB_E_SIGNATURE);
}

KB_TEST(A19_a_signature_for_another_purpose_does_not_fit)
{
	const struct kb_fixture *f = kb_fixture();
	kb_autofree uint8_t *copy = copy_of_fixture();
	const uint8_t *manifest = copy + KB_STUB_SPAN + KB_HEADER_LEN;
	static const char *const purposes[] = {"keybuzz-run/trust/v1", "keybuzz-run/manifest/v2"};
	struct kb_err err;

	for (size_t i = 0; i < 3; i++) {
		kb_autobuf struct kb_buf covered = KB_BUF_INIT;

		if (i < 2)
			kb_pae(purposes[i], manifest, f->manifest_len, &covered);
		else
			kb_buf_add(&covered, manifest, f->manifest_len); /* bare */
		assert_int_equal(kb_secret_key_sign(
					 f->key, covered.data, covered.len,
					 copy + KB_STUB_SPAN + KB_SLOTS_OFFSET + KB_KEY_LEN, &err),
				 0);
		assert_int_equal(kb_fixture_verify(copy, f->len), KB_E_SIGNATURE);
	}
}

KB_TEST(A21_unknown_key_and_no_anchor_are_untrusted)
{
	const struct kb_fixture *f = kb_fixture();
	struct kb_trust nobody = {.n = 0}, other = {.n = 1}, pinned = {.by_fingerprint = true};
	struct kb_bundle *bundle = NULL;
	struct kb_err err;

	memset(other.keys[0].b, 7, KB_KEY_LEN);
	assert_int_equal(kb_fixture_open(f->bytes, f->len, &nobody, &bundle, &err), KB_E_TRUST);
	assert_int_equal(kb_fixture_open(f->bytes, f->len, &other, &bundle, &err), KB_E_TRUST);
	assert_int_equal(kb_fixture_open(f->bytes, f->len, &pinned, &bundle, &err), KB_E_TRUST);
	kb_key_fingerprint(&f->trust.keys[0], &pinned.fingerprint);
	assert_int_equal(kb_fixture_open(f->bytes, f->len, &pinned, &bundle, &err), 0);
	kb_bundle_close(bundle);
}

static int add_to_sha(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	(void)err;
	kb_sha256_add(ctx, data, len);
	return 0;
}

KB_TEST(bundle_streams_every_blob_to_its_digest)
{
	const struct kb_fixture *f = kb_fixture();
	struct kb_sha256 *sha = kb_sha256_new();
	struct kb_bundle *bundle = NULL;
	struct kb_err err;

	assert_int_equal(kb_fixture_open(f->bytes, f->len, &f->trust, &bundle, &err), 0);
	for (uint32_t i = 0; i < kb_bundle_manifest(bundle)->n_blobs; i++) {
		struct kb_digest seen;

		assert_int_equal(kb_bundle_stream(bundle, i, add_to_sha, sha, &err), 0);
		kb_sha256_end(sha, &seen);
		assert_true(kb_digest_eq(&seen, &kb_bundle_manifest(bundle)->blobs[i].digest));
	}
	kb_sha256_free(sha);
	kb_bundle_close(bundle);
}

static int stop_at_once(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	(void)ctx;
	(void)data;
	(void)len;
	return kb_err_set(err, KB_E_INTERRUPTED, "enough");
}

KB_TEST(bundle_stream_stops_when_told)
{
	const struct kb_fixture *f = kb_fixture();
	struct kb_bundle *bundle = NULL;
	struct kb_err err;
	long big;

	assert_int_equal(kb_fixture_open(f->bytes, f->len, &f->trust, &bundle, &err), 0);
	big = kb_manifest_file(kb_bundle_manifest(bundle), "roles/redis/big")->blob;
	assert_int_equal(kb_bundle_stream(bundle, (uint32_t)big, stop_at_once, NULL, &err),
			 KB_E_INTERRUPTED);
	kb_bundle_close(bundle);
}
