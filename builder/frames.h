/* Compressed chunks of a blob, kept in the store so that a blob is compressed
 * once per level and zstd version, whatever roles and releases carry it.
 */
#ifndef BUILDER_FRAMES_H
#define BUILDER_FRAMES_H

#include "builder/store.h"
#include "core/chunk.h"
#include "core/progress.h"

struct kb_frames {
	int fd; /* the stored bytes, one frame after the other */
	struct kb_chunk *chunks;
	size_t n_chunks;
};

/* Compress the SIZE bytes of FD on all cores and hand on every chunk in order.
 * STORED is valid during the call; non-zero stops and is returned. */
typedef int (*kb_frame_fn)(void *ctx, const struct kb_chunk *chunk, const void *stored,
			   struct kb_err *err);
int kb_frames_make(int fd, uint64_t size, int level, const struct kb_progress *progress,
		   kb_frame_fn take, void *ctx, struct kb_err *err);

/* Open the frames of a blob, making them first when the store has none. */
int kb_frames_open(struct kb_store *store, const struct kb_digest *blob, uint64_t size, int level,
		   const struct kb_progress *progress, struct kb_frames *ret_frames,
		   struct kb_err *err);
void kb_frames_close(struct kb_frames *frames);

/* Remove them: their bytes were found to differ from their digests. */
void kb_frames_drop(struct kb_store *store, const struct kb_digest *blob, int level);

#endif
