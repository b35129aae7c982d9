/* What one tree adds to another, as a layer above it: entries that are new or
 * different in content or attributes, the folders above them, and an OCI
 * whiteout ("folder/.wh.name") for the top of everything that is gone. */
#ifndef BUILDER_LAYER_DIFF_H
#define BUILDER_LAYER_DIFF_H

#include "builder/layer_tree.h"

/* *RET_SIZE is 0, and no layer is made, when nothing differs. */
int kb_layer_diff(const struct kb_tree *base, const struct kb_tree *full, struct kb_store *store,
		  struct kb_digest *ret_layer, uint64_t *ret_size, struct kb_err *err);

#endif
