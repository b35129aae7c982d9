/* Names and lists inside an image archive, the same for the archive that is
 * streamed into an engine and the one that `extract` writes. */
#ifndef CORE_IMAGE_LAYOUT_H
#define CORE_IMAGE_LAYOUT_H

#include "core/manifest.h"

/* "blobs/sha256/HEX" */
#define KB_IMAGE_PATH_LEN (13 + KB_HEX_LEN)
void kb_image_path(const struct kb_digest *digest, char ret_path[KB_IMAGE_PATH_LEN + 1]);

/* manifest.json of a docker archive; NAMED puts each image's reference in, so
 * that whoever loads it gets it by name. */
void kb_image_docker_list(const struct kb_manifest *m, const struct kb_image *const *images,
			  size_t n, bool named, struct kb_buf *out);

#endif
