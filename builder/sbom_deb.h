/* The licence of a Debian package file, from the copyright file in it. */
#ifndef BUILDER_SBOM_DEB_H
#define BUILDER_SBOM_DEB_H

#include "builder/store.h"

/* DEB is in the store. *RET_LICENCE is an SPDX expression or NULL; the caller
 * frees. Found once and kept as a derived record. */
int kb_sbom_deb_licence(struct kb_store *store, const struct kb_digest *deb, const char *package,
			char **ret_licence, struct kb_err *err);

#endif
