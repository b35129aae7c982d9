/* How content lies in a bundle: which blobs share a chunk, in which order
 * chunks stand, and what the storage part of the manifest says of it. `build`
 * writes what comes out of this, `rebuild` compares it.
 *
 * Blobs below KB_BLOB_ALONE first, in order of their digests, sharing chunks
 * without straddling them; then each large blob in its own run of chunks, so
 * that its frames can be kept and shared between bundles. Empty blobs have no
 * place.
 */
#ifndef BUILDER_PACK_LAYOUT_H
#define BUILDER_PACK_LAYOUT_H

#include "builder/frames.h"
#include "core/manifest.h"

struct kb_layout {
	struct kb_store *store;
	int level;
	struct kb_manifest *m; /* blobs get their places, chunks are appended */
	size_t cap_chunks;
	kb_frame_fn shared; /* takes each chunk that small blobs share */
	/* takes the blob M->blobs[I], whose chunks it appends by kb_layout_add */
	int (*large)(void *ctx, size_t i, struct kb_err *err);
	void *ctx;
	const struct kb_progress *progress; /* told about all large blobs together.. */
	struct kb_progress of_blob;         /* ..from what LARGE tells about its one */
	uint64_t done, total;
};

/* The host program, zero-padded to its span, and the digest of all of it. */
int kb_layout_stub(const char *path, struct kb_buf *stub, struct kb_digest *ret_digest,
		   struct kb_err *err);

/* Forget the chunks that M has, and lay out its blobs anew. */
int kb_layout_run(struct kb_layout *l, struct kb_err *err);
void kb_layout_add(struct kb_layout *l, const struct kb_chunk *chunk);

/* All else is set: compute the total size, check, encode. */
int kb_layout_finish(struct kb_manifest *m, struct kb_buf *bytes, struct kb_err *err);

#endif
