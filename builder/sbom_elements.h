/* The elements of an SPDX document, between sbom_document.c, which gathers
 * them, and sbom_json.c, which writes them. */
#ifndef BUILDER_SBOM_ELEMENTS_H
#define BUILDER_SBOM_ELEMENTS_H

#include <stdbool.h>

#include "builder/sums_stock.h"
#include "core/digest.h"

/* Texts are owned; NULL where the element has none. */
struct kb_spdx_package {
	char *id, *name, *version, *purpose, *download, *supplier, *licence, *purl, *source,
		*comment, *file_name;
	bool has_digest, has_files;
	struct kb_digest digest;
	uint8_t verification[KB_SHA1_LEN];
};

struct kb_spdx_file {
	char *id, *path;
	char *licence; /* NULL: not known */
	struct kb_digest sha256;
	uint8_t sha1[KB_SHA1_LEN];
};

struct kb_spdx_relation {
	char *from, *to;
	const char *type;
};

struct kb_document {
	struct kb_spdx_package *packages;
	size_t n_packages, cap_packages;
	size_t *by_id; /* of packages, sorted */
	size_t cap_by_id;
	struct kb_spdx_file *files;
	size_t n_files, cap_files;
	struct kb_spdx_relation *relations;
	size_t n_relations, cap_relations;
};

#endif
