/* The index that tells apt on the host what the packages of a bundle are: the
 * fields of their own control files that decide an installation, and where the
 * files are put, beside it. The same packages give the same bytes. */
#ifndef BUILDER_PACKAGES_INDEX_H
#define BUILDER_PACKAGES_INDEX_H

#include "builder/lock_entry.h"
#include "builder/store.h"

/* Append the paragraph of DEB, which is in the store. A package that does not
 * call itself what the lock calls it is KB_E_DAMAGED. */
int kb_packages_index_add(struct kb_store *store, const struct kb_deb *deb, struct kb_buf *index,
			  struct kb_err *err);

#endif
