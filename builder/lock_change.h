/* What changed in a manifest after it was locked, as far as the lock can tell:
 * it has a digest of all that it was made from, and in plain words most of it.
 * For the message that refuses to build.
 */
#ifndef BUILDER_LOCK_CHANGE_H
#define BUILDER_LOCK_CHANGE_H

#include "builder/packages.h"
#include "builder/packages_lock.h"

/* ": suite is forky, locked is trixie", or "" when the lock does not show it
 * (a name that is gone). The caller frees it. */
char *kb_lock_change(const struct kb_image_source *source, const struct kb_lock_entry *locked);
char *kb_packages_lock_change(const struct kb_packages *packages, size_t release,
			      const struct kb_locked_release *locked);

#endif
