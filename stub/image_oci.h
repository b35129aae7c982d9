/* The small JSON members of an image archive, and the identity an engine will
 * give an image because of them. All are a function of the signed manifest, so
 * the identity can be foretold and compared. */
#ifndef STUB_IMAGE_OCI_H
#define STUB_IMAGE_OCI_H

#include "core/image_layout.h"
#include "core/manifest.h"
#include "core/mem.h"
#include "stub/engine.h"
#include "stub/image_present.h"

/* An OCI image manifest, uncompressed layers, no annotations. */
void kb_image_oci_manifest(const struct kb_manifest *m, const struct kb_image *image,
			   struct kb_buf *out);

/* "sha256:HEX": the config's digest, or for the containerd store the digest of
 * the OCI manifest. */
void kb_image_id(const struct kb_engine *engine, const struct kb_manifest *m,
		 const struct kb_image *image, char ret_id[KB_IMAGE_ID_LEN + 1]);

/* index.json of an OCI layout. Names nothing. */
void kb_image_oci_index(const struct kb_manifest *m, const struct kb_image *const *images, size_t n,
			struct kb_buf *out);

#endif
