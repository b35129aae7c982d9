/* Images made from Debian packages, and from nothing else: the locked .deb
 * files are put into a repository in a scratch folder, mmdebstrap installs
 * them from there without the network, and what it leaves is cleaned of all
 * that depends on when and where it ran. The same lock gives the same bytes,
 * as long as mmdebstrap, apt and dpkg do the same.
 *
 * Two layers: the essential packages with the recipe's `base`, made once for
 * all images that lock the same ones; and what the image's packages add to it.
 */
#ifndef BUILDER_DEBIAN_H
#define BUILDER_DEBIAN_H

#include "builder/image.h"
#include "builder/lock_entry.h"
#include "builder/store.h"

/* 2025-01-01T00:00:00Z: the time of every file that is not older, and of the
 * image. It means nothing; changing it changes every image. */
#define KB_DEBIAN_EPOCH      1735689600
#define KB_DEBIAN_EPOCH_TEXT "2025-01-01T00:00:00Z"

/* Part of the key of derived records: raise it when the same lock would give
 * other bytes. */
#define KB_DEBIAN_RECIPE 1

/* All packages of ENTRY are in the store (fetch.h). */
int kb_debian_build(const struct kb_lock_entry *entry, const struct kb_image_source *source,
		    const char *arch, struct kb_store *store, struct kb_image_content *ret_content,
		    struct kb_err *err);

#endif
