/* A root file system as an engine exports it, or a layer, as a tar: what it
 * amounts to is bounded, and without removals it covers itself. */
#include "tests/fuzz/fuzz.h"

#include "stub/image_tree.h"

struct input {
	const uint8_t *at;
	size_t left;
};

static int next_piece(void *ctx, const void **ret_data, size_t *ret_len, struct kb_err *err)
{
	struct input *in = ctx;

	(void)err;
	*ret_data = in->at;
	*ret_len = in->left;
	in->left = 0;
	return 0;
}

static int read_tree(const uint8_t *data, size_t len, struct kb_image_tree *tree)
{
	struct input in = {data, len};
	struct kb_tar_reader *r = kb_tar_reader_new(next_piece, &in);
	struct kb_err err = {.code = 0};
	int rc = kb_image_tree_read(tree, r, &err);

	kb_tar_reader_free(r);
	KB_MUST(rc == 0 || ((rc == KB_E_DAMAGED || rc == KB_E_INVALID) && err.code == rc));
	return rc;
}

static bool is_plain(const struct kb_image_tree *tree)
{
	for (size_t i = 0; i < tree->n; i++) {
		const struct kb_image_tree_entry *e = &tree->entries[i];

		KB_MUST(e->path < tree->text.len && e->target < tree->text.len);
		if (e->kind != KB_IMAGE_TREE_FILE && e->kind != KB_IMAGE_TREE_FOLDER)
			return false;
	}
	return true;
}

KB_FUZZ(tree)
{
	struct kb_image_tree root = {.n = 0}, stack = {.n = 0};
	const char *path = "";

	if (read_tree(data, len, &root) == 0) {
		bool plain = is_plain(&root);

		KB_MUST(kb_image_tree_stack(&stack, &root, 0, NULL) == 0 && stack.n == root.n);
		KB_MUST(kb_image_tree_stack(&stack, &root, 1, NULL) == 0);
		KB_MUST(kb_image_tree_covers(&root, &stack, &path) || (!plain && path[0]));
	}
	kb_image_tree_free(&root);
	kb_image_tree_free(&stack);
	return 0;
}
