/* PLAIN-SIZE[4] FRAME: a frame whose digest is right, as only a signer can make
 * it, must still give exactly the stated bytes or nothing. An odd first byte
 * runs the other way instead: what we compress must come back. */
#include "tests/fuzz/fuzz.h"

#include "core/bytes.h"
#include "core/chunk.h"
#include "core/format.h"
#include "core/mem.h"

enum { PLAIN_MAX = 1 << 18 };

static struct kb_fuzz_room room;

static void round_trip(struct kb_codec *codec, const uint8_t *data, size_t len)
{
	static uint8_t stored[KB_CHUNK_STORED];
	uint8_t *plain = kb_fuzz_take(&room, len);
	struct kb_chunk chunk;

	KB_MUST(kb_chunk_encode(codec, 1, data, len, stored, &chunk, NULL) == 0);
	KB_MUST(chunk.plain == len && chunk.stored <= KB_CHUNK_STORED);
	KB_MUST(kb_chunk_decode(codec, &chunk, stored, plain, NULL) == 0);
	KB_MUST(memcmp(plain, data, len) == 0);
}

static void decode(struct kb_codec *codec, const uint8_t *data, size_t len, uint32_t size)
{
	uint8_t *plain = kb_fuzz_take(&room, size);
	struct kb_chunk chunk = {.stored = (uint32_t)len, .plain = size};
	struct kb_err err = {.code = 0};
	int rc;

	kb_digest_of(data, len, &chunk.digest);
	rc = kb_chunk_decode(codec, &chunk, data, plain, &err);
	KB_MUST(rc == 0 || (rc == KB_E_INVALID && err.code == rc));
	memset(plain, 0xaa, size);
	chunk.digest.b[0] ^= 1;
	KB_MUST(kb_chunk_decode(codec, &chunk, data, plain, &err) == KB_E_DAMAGED);
	KB_MUST(plain[0] == 0xaa && plain[size - 1] == 0xaa);
}

KB_FUZZ(chunk)
{
	static struct kb_codec *codec; /* one for all, as for the chunks of a bundle */

	if (len < 5 || len > KB_CHUNK_STORED)
		return 0;
	if (!codec)
		codec = kb_codec_new();
	if (data[0] & 1)
		round_trip(codec, data + 1, len - 1);
	else
		decode(codec, data + 4, len - 4, kb_get32(data) / 2 % PLAIN_MAX + 1);
	return 0;
}
