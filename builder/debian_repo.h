/* A flat apt repository of locked packages in a folder: what mmdebstrap may
 * install is exactly what is in it. The index is made from the packages
 * themselves; the files are links into the store. */
#ifndef BUILDER_DEBIAN_REPO_H
#define BUILDER_DEBIAN_REPO_H

#include "builder/lock_entry.h"
#include "builder/store.h"

/* DIR exists and is empty. */
int kb_debian_repo_make(const char *dir, const char *suite, const struct kb_debs *debs,
			struct kb_store *store, struct kb_err *err);

#endif
