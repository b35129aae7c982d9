/* An image as the builder knows it once its content is in the store: the
 * config (whose digest is the image's identity) and the uncompressed layers
 * (whose digests are the diffIDs the config names).
 */
#ifndef BUILDER_IMAGE_H
#define BUILDER_IMAGE_H

#include "builder/site.h"
#include "builder/store.h"

struct kb_image_content {
	char *origin; /* for people and SBOMs: source with its original digest */
	struct kb_digest config;
	struct kb_digest *layers;
	uint64_t *sizes;
	size_t n_layers;
};

void kb_image_content_free(struct kb_image_content *content); /* what it points to */

/* What a locked image became in the store; KB_E_MISSING tells to fetch. LOCK is
 * the loaded manifests/lock/images.yaml (lock.h). */
struct kb_lock;
int kb_image_resolve(const struct kb_lock *lock, struct kb_store *store,
		     const struct kb_image_source *source, struct kb_image_content *ret_content,
		     struct kb_err *err);

#endif
