#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "core/chunk.h"
#include "core/format.h"

static int decode(const void *stored, size_t len, uint32_t plain_len)
{
	struct kb_codec *codec = kb_codec_new();
	kb_autofree uint8_t *plain = kb_alloc(KB_CHUNK_PLAIN, 1);
	struct kb_chunk chunk = {.stored = (uint32_t)len, .plain = plain_len};
	struct kb_err err;
	int rc;

	kb_digest_of(stored, len, &chunk.digest);
	rc = kb_chunk_decode(codec, &chunk, stored, plain, &err);
	kb_codec_free(codec);
	return rc;
}

KB_TEST(chunk_encodes_to_the_same_bytes_every_time)
{
	kb_autofree uint8_t *plain = kb_alloc(300000, 1), *a = kb_alloc(KB_CHUNK_STORED, 1),
			    *b = kb_alloc(KB_CHUNK_STORED, 1);
	struct kb_codec *codec = kb_codec_new(), *fresh;
	struct kb_chunk x, y;
	struct kb_err err;

	for (size_t i = 0; i < 300000; i++)
		plain[i] = (uint8_t)(i * i >> 7);
	for (int level = KB_LEVEL_MIN; level <= KB_LEVEL_MAX; level += 6) {
		assert_int_equal(kb_chunk_encode(codec, level, plain, 300000, a, &x, &err), 0);
		/* a context that has worked before, and one that has not */
		fresh = kb_codec_new();
		assert_int_equal(kb_chunk_encode(fresh, level, plain, 300000, b, &y, &err), 0);
		kb_codec_free(fresh);
		assert_true(kb_digest_eq(&x.digest, &y.digest));
		assert_int_equal(decode(a, x.stored, 300000), 0);
	}
	kb_codec_free(codec);
}

KB_TEST(D30_wrong_plain_size_is_invalid)
{
	uint8_t plain[1000] = {0}, stored[2000];
	size_t n = ZSTD_compress(stored, sizeof(stored), plain, sizeof(plain), 1);

	assert_int_equal(decode(stored, n, 1000), 0);
	assert_int_equal(decode(stored, n, 999), KB_E_INVALID);
	assert_int_equal(decode(stored, n, 1001), KB_E_INVALID);
}

KB_TEST(D31_a_bomb_never_grows_beyond_the_signed_size)
{
	size_t big = 64 << 20;
	kb_autofree uint8_t *plain = kb_alloc(big, 1), *stored = kb_alloc(1 << 20, 1);
	size_t n = ZSTD_compress(stored, 1 << 20, plain, big, 1);

	assert_true(n < 100000);
	assert_int_equal(decode(stored, n, KB_CHUNK_PLAIN), KB_E_INVALID);
}

KB_TEST(D32_anything_but_one_frame_is_invalid)
{
	uint8_t plain[1000] = {1}, stored[4000];
	static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};
	size_t n = ZSTD_compress(stored, sizeof(stored), plain, sizeof(plain), 1);

	memcpy(stored + n, stored, n); /* two frames */
	assert_int_equal(decode(stored, 2 * n, 1000), KB_E_INVALID);
	assert_int_equal(decode(stored, 2 * n, 2000), KB_E_INVALID);
	memcpy(stored + n, skippable, sizeof(skippable));
	assert_int_equal(decode(stored, n + sizeof(skippable), 1000), KB_E_INVALID);
	memcpy(stored + n, "x", 1); /* trailing byte */
	assert_int_equal(decode(stored, n + 1, 1000), KB_E_INVALID);
}

KB_TEST(D34_a_frame_cut_anywhere_is_invalid)
{
	uint8_t plain[1000], stored[2000];
	size_t n;

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 7);
	n = ZSTD_compress(stored, sizeof(stored), plain, sizeof(plain), 1);
	for (size_t len = 1; len < n; len++)
		assert_int_equal(decode(stored, len, 1000), KB_E_INVALID);
}
