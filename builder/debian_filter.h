/* What an installation leaves behind that does not belong into an image: what
 * says when and where it was made, secrets made on the way, caches, what the
 * engine provides, and documentation (licences stay). */
#ifndef BUILDER_DEBIAN_FILTER_H
#define BUILDER_DEBIAN_FILTER_H

#include "builder/layer_tree.h"

/* For kb_tree_read. */
bool kb_debian_filter(struct kb_tree_entry *entry);

#endif
