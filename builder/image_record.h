/* Derived records of images in the store: what a lock entry became, so that it
 * is made once. Small text, written and read here only:
 *
 *	keybuzz image 1
 *	origin TEXT
 *	config SHA256
 *	layer SHA256 SIZE        (lowest first)
 */
#ifndef BUILDER_IMAGE_RECORD_H
#define BUILDER_IMAGE_RECORD_H

#include "builder/image.h"
#include "builder/lock_entry.h"

/* The key of ENTRY's record, with everything of SOURCE that is in the image. */
void kb_image_record_key(const struct kb_lock_entry *entry, const struct kb_image_source *source,
			 const char *arch, struct kb_digest *ret_key);

int kb_image_record_put(struct kb_store *store, const struct kb_digest *key,
			const struct kb_image_content *content, struct kb_err *err);
/* KB_E_MISSING: none yet. KB_E_DAMAGED: not as we write it; fetch makes it
 * anew. That the blobs are there is not checked. */
int kb_image_record_get(struct kb_store *store, const struct kb_digest *key,
			struct kb_image_content *ret_content, struct kb_err *err);

#endif
