/* Images in registries, by skopeo, with its own login file and signature
 * policy. A registry on this machine's loopback may speak plain HTTP; any
 * other must have TLS. What skopeo hands over is checked again by digest.
 */
#ifndef BUILDER_REGISTRY_H
#define BUILDER_REGISTRY_H

#include "builder/lock_entry.h"
#include "builder/store.h"
#include "core/progress.h"

/* What ENTRY->reference means for ARCH now: fills index, manifest, config. */
int kb_registry_resolve(struct kb_lock_entry *entry, const char *arch, struct kb_err *err);

/* Copy the locked manifest and its blobs to the new folder DIR, each under the
 * hex digits of its digest, as they lie in the registry. */
int kb_registry_copy(const struct kb_lock_entry *entry, const char *dir,
		     const struct kb_progress *progress, struct kb_err *err);

#endif
