/* What files a stack of layers amounts to, and whether a root file system has
 * them. Regular files and symbolic links are compared; modes, owners and
 * special files are not: what a power cut takes away is content.
 *
 * Paths are compared by bytes. Names follow the OCI image specification:
 * `.wh.NAME` removes NAME of the layers below, `.wh..wh..opq` all they have in
 * that folder.
 */
#ifndef STUB_IMAGE_TREE_H
#define STUB_IMAGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/digest.h"
#include "core/err.h"
#include "core/mem.h"
#include "core/tar.h"

#define KB_IMAGE_TREE_FILES_MAX 500000
#define KB_IMAGE_TREE_TEXT_MAX  (32 * 1024 * 1024) /* bytes of all paths */

enum kb_image_tree_kind {
	KB_IMAGE_TREE_FOLDER,
	KB_IMAGE_TREE_FILE, /* or symbolic link: has a digest */
	KB_IMAGE_TREE_LINK, /* hard link; the digest is looked up in the end */
	KB_IMAGE_TREE_OTHER,
	KB_IMAGE_TREE_WHITEOUT, /* of the path itself */
	KB_IMAGE_TREE_OPAQUE,   /* of what is below the path */
};

struct kb_image_tree_entry {
	uint32_t path, target; /* offsets into the text */
	uint16_t layer;
	uint8_t kind;
	struct kb_digest digest;
};

struct kb_image_tree {
	struct kb_image_tree_entry *entries;
	size_t n, cap;
	struct kb_buf text;
};

void kb_image_tree_free(struct kb_image_tree *tree);

/* Read a layer or an exported root file system from R to its end. Not a tar:
 * KB_E_DAMAGED; beyond the maxima: KB_E_INVALID. */
int kb_image_tree_read(struct kb_image_tree *tree, struct kb_tar_reader *r, struct kb_err *err);

/* Append LAYER's entries as layer number NUMBER of a stack, 0 being the base. */
int kb_image_tree_stack(struct kb_image_tree *tree, const struct kb_image_tree *layer,
			uint16_t number, struct kb_err *err);

/* Does ROOT have every file of STACK, with the same content? Both are sorted by
 * this. *RET_PATH (may be NULL) is the first that differs. Files that engines
 * put in themselves are passed over. */
bool kb_image_tree_covers(struct kb_image_tree *root, struct kb_image_tree *stack,
			  const char **ret_path);

#endif
