/* One chunk: a zstd frame of at most KB_CHUNK_PLAIN plain bytes. Decoding
 * compares the digest in memory before the decompressor sees a byte, and the
 * frame must fill exactly the signed size.
 */
#ifndef CORE_CHUNK_H
#define CORE_CHUNK_H

#include "core/manifest.h"

struct kb_codec; /* a zstd context, either way; one per thread */

struct kb_codec *kb_codec_new(void);
void kb_codec_free(struct kb_codec *codec);

/* Is STORED what the manifest signed? KB_E_DAMAGED. */
int kb_chunk_check(const struct kb_chunk *chunk, const void *stored, struct kb_err *err);

/* Check, then decompress into PLAIN (chunk->plain bytes). */
int kb_chunk_decode(struct kb_codec *codec, const struct kb_chunk *chunk, const void *stored,
		    void *plain, struct kb_err *err);

/* Compress LEN bytes (1..KB_CHUNK_PLAIN) into STORED (KB_CHUNK_STORED bytes),
 * by one call with explicit parameters, so that the bytes depend on the
 * content, the level and the zstd version only. Fills *RET_CHUNK. */
int kb_chunk_encode(struct kb_codec *codec, int level, const void *plain, size_t len, void *stored,
		    struct kb_chunk *ret_chunk, struct kb_err *err);

const char *kb_zstd_version(void);

#define KB_LEVEL_MIN 1
#define KB_LEVEL_MAX 19

#endif
