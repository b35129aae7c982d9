/* The config of an image we made: the document whose digest is the image's
 * identity, so its bytes follow from its arguments and nothing else. */
#ifndef BUILDER_IMAGE_CONFIG_H
#define BUILDER_IMAGE_CONFIG_H

#include "builder/image.h"

void kb_image_config_text(const struct kb_image_source *source, const char *machine,
			  const char *created, const struct kb_image_content *content,
			  struct kb_buf *buf);

#endif
