/* Build a bundle again and compare it with the one that is there, while it is
 * made and without writing anything: the host program, every chunk compressed
 * anew from the store's content (whose digests are checked first), and the
 * manifest that comes out. Signatures belong to keys and are not compared.
 */
#ifndef BUILDER_REBUILD_H
#define BUILDER_REBUILD_H

#include "builder/store.h"
#include "core/bundle.h"

struct kb_rebuild {
	struct kb_store *store;
	const char *stub; /* path of the host program */
	const struct kb_progress *progress;
};

enum kb_rebuild_result {
	KB_REBUILD_IDENTICAL,    /* every byte */
	KB_REBUILD_SAME_CONTENT, /* made by another zstd: every blob, the bytes not compared */
};

/* From M, which has the bundle's content id: its own manifest, or one composed
 * anew. M's storage part is filled. KB_E_DAMAGED names the first entry that
 * differs, KB_E_MISSING one that is not in the store. */
int kb_rebuild_check(const struct kb_rebuild *r, struct kb_bundle *bundle, struct kb_manifest *m,
		     enum kb_rebuild_result *ret_result, struct kb_err *err);

/* The bundle's own manifest, as a copy. */
int kb_rebuild_manifest(const struct kb_bundle *bundle, struct kb_manifest **ret_m,
			struct kb_err *err);

#endif
