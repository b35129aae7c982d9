/* From a composed manifest and the store to a signed .run: chunks are laid
 * out and compressed (or found compressed), the storage part of the manifest
 * is filled, signed, and the file appears whole under its name.
 */
#ifndef BUILDER_PACK_H
#define BUILDER_PACK_H

#include "builder/secret_key.h"
#include "builder/store.h"
#include "core/manifest.h"
#include "core/progress.h"

/* What bundles name as their builder. */
#define KB_PACK_BUILDER "keybuzz-bundle " KB_VERSION

struct kb_pack {
	struct kb_store *store;
	const struct kb_secret_key *key;
	const char *stub; /* path of the host program */
	int level;
	const struct kb_progress *progress;
};

/* The host program that stands beside this one. The caller frees it. */
char *kb_pack_default_stub(void);

/* Write PATH (0755), unless it is known to be the same already (written.h). Fills
 * the storage part of M except release_set, which the caller has set. */
int kb_pack_write(const struct kb_pack *pack, struct kb_manifest *m, const char *path,
		  struct kb_err *err);

#endif
