/* An SPDX 2.3 document while it is put together: elements first, in a fixed
 * order, then written as JSON. What a field means: spdx.github.io/spdx-spec. */
#ifndef BUILDER_SBOM_DOCUMENT_H
#define BUILDER_SBOM_DOCUMENT_H

#include "builder/sbom_packages.h"
#include "core/manifest.h"

/* The two elements that every document has. */
#define KB_DOCUMENT_BUNDLE "SPDXRef-Bundle"
#define KB_DOCUMENT_STUB   "SPDXRef-HostProgram"

struct kb_document;

struct kb_document *kb_document_new(void);
void kb_document_free(struct kb_document *doc);

/* A file of the bundle with its bytes; LICENCE may be NULL. Files come before the bundle: its
 * verification code is over all of them. */
void kb_document_file(struct kb_document *doc, const char *path, const struct kb_digest *sha256,
		      const char *licence, const void *bytes, size_t len);
void kb_document_bundle(struct kb_document *doc, const struct kb_manifest *m);

/* Its element's id; the caller frees. PURL may be NULL. */
char *kb_document_image(struct kb_document *doc, const struct kb_manifest *m,
			const struct kb_image *image, const char *purl);

/* OWNER stands in RELATION to each component; those that are known already
 * get one more relation only. */
void kb_document_contents(struct kb_document *doc, const char *owner, const char *relation,
			  const struct kb_components *list);

void kb_document_write(const struct kb_document *doc, const struct kb_manifest *m,
		       struct kb_buf *out);

#endif
