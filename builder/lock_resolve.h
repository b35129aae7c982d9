/* The only place where names are resolved, and so the only verb that decides
 * what enters a site: apt, a registry or a file says what an image's source
 * means today. */
#ifndef BUILDER_LOCK_RESOLVE_H
#define BUILDER_LOCK_RESOLVE_H

#include "builder/lock_entry.h"
#include "builder/store.h"

struct kb_lock_resolver;

/* Indices are fetched once for all images that are resolved through R. */
struct kb_lock_resolver *kb_lock_resolver_new(const struct kb_site *site, struct kb_store *store);
void kb_lock_resolver_free(struct kb_lock_resolver *r);

int kb_lock_resolve(struct kb_lock_resolver *r, const struct kb_image_source *source,
		    struct kb_lock_entry *ret_entry, struct kb_err *err);

#endif
