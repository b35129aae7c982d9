/* What an image's layers say about the packages in it: the databases of dpkg
 * and apk, os-release, and the licences in usr/share/doc. Layers are read as
 * streams, headers mostly; a layer above replaces what one below said. They
 * are not trusted: text is bounded and never a path.
 */
#ifndef BUILDER_SBOM_LAYERS_H
#define BUILDER_SBOM_LAYERS_H

#include "builder/store.h"

struct kb_sbom_doc {
	char *package;
	char *licence; /* NULL: the file does not say, or it is a link.. */
	char *link;    /* ..to this package's */
	size_t order;  /* of reading */
};

struct kb_sbom_root {
	char *os_id, *os_version; /* NULL: not said */
	struct kb_buf dpkg, apk;  /* text of the databases; empty: none */
	struct kb_sbom_doc *docs; /* sorted once all layers are read */
	size_t n_docs, cap_docs;
};
#define kb_autoroot __attribute__((cleanup(kb_sbom_root_free)))

/* LAYERS from the lowest up. KB_E_DAMAGED: a layer is no tar. */
int kb_sbom_root_read(struct kb_store *store, const struct kb_digest *layers, size_t n,
		      struct kb_sbom_root *ret_root, struct kb_err *err);
void kb_sbom_root_free(struct kb_sbom_root *root); /* what it points to */

/* The licence of a Debian package as an SPDX expression; NULL. */
const char *kb_sbom_root_licence(const struct kb_sbom_root *root, const char *package);

#endif
