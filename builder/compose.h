/* From a role, the lock and the store to a manifest that lacks only its
 * storage part: which bytes, in which order, under which names. A pure
 * function of its inputs: no clock, no locale, no readdir order.
 */
#ifndef BUILDER_COMPOSE_H
#define BUILDER_COMPOSE_H

#include "builder/lock.h"
#include "builder/site.h"
#include "builder/store.h"
#include "core/manifest.h"

/* Payload files and the inventory are put into the store on the way. */
int kb_compose(const struct kb_site *site, const struct kb_lock *lock, struct kb_store *store,
	       const struct kb_role *role, struct kb_manifest **ret_manifest, struct kb_err *err);

/* The release-set id: SHA-256 over "ROLE CONTENT-ID\n" of every role, sorted. */
void kb_release_set(struct kb_manifest *const *manifests, size_t n, struct kb_digest *ret_id);

#endif
