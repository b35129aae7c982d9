/* Bring images of a bundle into the engine: one streamed tar, no scratch file,
 * each distinct layer once, layers the engine has already left out where it
 * permits that.
 *
 * The engine is told no names while it loads. Only an image that afterwards
 * has the identity and the layers that were signed gets its reference, so what
 * a faulty engine makes of the stream is never started by name; it is removed
 * and KB_E_DEPENDENCY tells. At the end the file systems of the engine are
 * flushed: when this returns 0 the images survive a power cut.
 *
 * Interrupted, the connection is closed, which makes the engine drop what it
 * received, and KB_E_INTERRUPTED returned. Whatever the failure, calling again
 * with a fresh status is safe.
 */
#ifndef STUB_IMAGE_LOAD_H
#define STUB_IMAGE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bundle.h"
#include "stub/image_present.h"

/* Where content comes from: a bundle, or blobs a test holds in memory. */
struct kb_image_feed {
	const struct kb_manifest *manifest;
	/* All bytes of a blob, verified, to SINK in order; as kb_bundle_stream. */
	int (*stream)(void *ctx, uint32_t blob, kb_sink_fn sink, void *sink_ctx,
		      struct kb_err *err);
	void *ctx;
};

void kb_image_feed_bundle(struct kb_bundle *bundle, struct kb_image_feed *ret_feed);

struct kb_image_load {
	size_t loaded;         /* images that went through the engine */
	size_t tagged;         /* images that were there and only got their reference */
	uint64_t sent;         /* bytes handed to the engine */
	size_t skipped_layers; /* left out, the engine has them */
};

/* Make every image of STATUS present and tagged: absent ones are loaded,
 * damaged ones removed first. What is doubtful is checked by content after its
 * load: engines reuse a layer that another image holds, damaged or not. STATUS
 * is brought up to date. RET_LOAD may be NULL. */
int kb_image_load(struct kb_engine *engine, const struct kb_image_feed *feed,
		  struct kb_image_status *status, size_t n, const struct kb_progress *progress,
		  struct kb_image_load *ret_load, struct kb_err *err);

#endif
