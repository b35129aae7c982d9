#include "core/chunk.h"

/* ZSTD_c_useRowMatchFinder and the explicit block splitter are "experimental"
 * API, stable within the one version that is linked statically. */
#define ZSTD_STATIC_LINKING_ONLY
#include <stdlib.h>
#include <zstd.h>

#include "core/format.h"

_Static_assert(KB_CHUNK_STORED >= ZSTD_COMPRESSBOUND(KB_CHUNK_PLAIN), "a chunk always fits");

struct kb_codec {
	ZSTD_DCtx *d;
	ZSTD_CCtx *c;
};

struct kb_codec *kb_codec_new(void)
{
	return kb_alloc(1, sizeof(struct kb_codec));
}

void kb_codec_free(struct kb_codec *codec)
{
	if (!codec)
		return;
	ZSTD_freeDCtx(codec->d);
	ZSTD_freeCCtx(codec->c);
	free(codec);
}

int kb_chunk_check(const struct kb_chunk *chunk, const void *stored, struct kb_err *err)
{
	struct kb_digest seen;

	kb_digest_of(stored, chunk->stored, &seen);
	if (!kb_digest_eq(&seen, &chunk->digest))
		return kb_err_set(err, KB_E_DAMAGED, "digest differs; copy the file again");
	return 0;
}

int kb_chunk_decode(struct kb_codec *codec, const struct kb_chunk *chunk, const void *stored,
		    void *plain, struct kb_err *err)
{
	size_t n;
	int rc = kb_chunk_check(chunk, stored, err);

	if (rc < 0)
		return rc;
	if (!codec->d && !(codec->d = ZSTD_createDCtx()))
		return kb_err_set(err, KB_E_MEMORY, "decompressor");
	/* One frame and nothing else: the decompressor would otherwise accept
	 * several frames in a row, and skippable ones between them. */
	if (ZSTD_findFrameCompressedSize(stored, chunk->stored) != chunk->stored ||
	    ZSTD_getFrameContentSize(stored, chunk->stored) != chunk->plain)
		return kb_err_set(err, KB_E_INVALID, "not one frame of %u bytes", chunk->plain);
	n = ZSTD_decompressDCtx(codec->d, plain, chunk->plain, stored, chunk->stored);
	if (ZSTD_isError(n) || n != chunk->plain)
		return kb_err_set(err, KB_E_INVALID, "does not decompress to %u bytes: %s",
				  chunk->plain, ZSTD_getErrorName(n));
	return 0;
}

/* Every parameter that has a say in the bytes is set by hand; what depends on
 * the machine (threads, SIMD-dependent choices of the row match finder) is
 * off. See the pitfalls of docs/format.md. */
static size_t set_parameters(ZSTD_CCtx *c, int level, size_t len)
{
	ZSTD_compressionParameters p = ZSTD_getCParams(level, KB_CHUNK_PLAIN, 0);
	const struct {
		ZSTD_cParameter name;
		int value;
	} all[] = {
		{ZSTD_c_compressionLevel, level},
		{ZSTD_c_windowLog, (int)p.windowLog},
		{ZSTD_c_chainLog, (int)p.chainLog},
		{ZSTD_c_hashLog, (int)p.hashLog},
		{ZSTD_c_searchLog, (int)p.searchLog},
		{ZSTD_c_minMatch, (int)p.minMatch},
		{ZSTD_c_targetLength, (int)p.targetLength},
		{ZSTD_c_strategy, (int)p.strategy},
		{ZSTD_c_useRowMatchFinder, ZSTD_ps_enable},
		{ZSTD_c_enableLongDistanceMatching, ZSTD_ps_disable},
		{ZSTD_c_contentSizeFlag, 1},
		{ZSTD_c_checksumFlag, 0},
		{ZSTD_c_dictIDFlag, 0},
		{ZSTD_c_nbWorkers, 0},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		size_t r = ZSTD_CCtx_setParameter(c, all[i].name, all[i].value);

		if (ZSTD_isError(r))
			return r;
	}
	return ZSTD_CCtx_setPledgedSrcSize(c, len);
}

int kb_chunk_encode(struct kb_codec *codec, int level, const void *plain, size_t len, void *stored,
		    struct kb_chunk *ret_chunk, struct kb_err *err)
{
	size_t n;

	if (!codec->c && !(codec->c = ZSTD_createCCtx()))
		return kb_err_set(err, KB_E_MEMORY, "compressor");
	n = ZSTD_CCtx_reset(codec->c, ZSTD_reset_session_and_parameters);
	if (!ZSTD_isError(n))
		n = set_parameters(codec->c, level, len);
	if (!ZSTD_isError(n))
		n = ZSTD_compress2(codec->c, stored, KB_CHUNK_STORED, plain, len);
	if (ZSTD_isError(n))
		return kb_err_set(err, KB_E_INTERNAL, "compress: %s", ZSTD_getErrorName(n));
	ret_chunk->stored = (uint32_t)n;
	ret_chunk->plain = (uint32_t)len;
	kb_digest_of(stored, n, &ret_chunk->digest);
	return 0;
}

const char *kb_zstd_version(void)
{
	return ZSTD_versionString();
}
