/* Layers of images on their way into the store. A layer comes as a tar stream,
 * plain or compressed by gzip or zstd; it is stored plain, under the digest
 * that the image's config names (diffID). Everything is streamed.
 */
#ifndef BUILDER_LAYER_H
#define BUILDER_LAYER_H

#include <stdint.h>

#include "builder/store.h"

/* More than this from one layer is refused: there is no signed size yet that
 * would stop a stream that expands without end. */
#define KB_LAYER_MAX (UINT64_C(64) << 30)

/* Blocks of bytes: the length, 0 at the end, or a negative code. A block is
 * valid until the next call. */
struct kb_layer_input {
	int64_t (*next)(void *ctx, const void **ret_block, struct kb_err *err);
	void *ctx;
};

/* Store what INPUT gives. Decompressed it must have the digest DIFF_ID, and as
 * it came the digest BLOB (NULL = not known); else KB_E_DAMAGED and nothing is
 * stored. */
int kb_layer_import(struct kb_store *store, const struct kb_layer_input *input,
		    const struct kb_digest *blob, const struct kb_digest *diff_id,
		    uint64_t *ret_size, struct kb_err *err);

/* The same from a descriptor's position to its end. */
int kb_layer_import_fd(struct kb_store *store, int fd, const struct kb_digest *blob,
		       const struct kb_digest *diff_id, uint64_t *ret_size, struct kb_err *err);

#endif
