/* images.yaml: where each image comes from. What a reference says is pinned
 * later, by the lock; here it is made sure that it can be: no tag that floats,
 * no reference without a registry, no path out of the site. */
#ifndef BUILDER_IMAGE_SOURCE_H
#define BUILDER_IMAGE_SOURCE_H

#include "builder/site_load.h"

#define KB_IMAGES_FILE "images.yaml"

/* Fill the site's images, sorted by name. */
void kb_image_source_take(struct kb_site_load *l, const struct kb_yaml_node *root);
void kb_image_source_free(struct kb_image_source *image); /* what it points to */

/* NULL when REFERENCE can be pinned, else why not: a static text. */
const char *kb_image_source_fault(const char *reference);

#endif
