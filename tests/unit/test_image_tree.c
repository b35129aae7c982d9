#include "stub/image_tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

/* A tar from words: "path" or "path/" (a folder), "path=text", "path->target"
 * (symbolic), "path=>name" (hard). */
static la_ssize_t on_write(struct archive *a, void *ctx, const void *data, size_t len)
{
	(void)a;
	kb_buf_add(ctx, data, len);
	return (la_ssize_t)len;
}

static void add_word(struct archive *a, const char *word)
{
	struct archive_entry *e = archive_entry_new();
	const char *text = "";
	char *path = strdup(word), *at;

	archive_entry_set_mode(e, AE_IFREG | 0644);
	if ((at = strstr(path, "=>"))) {
		*at = '\0';
		archive_entry_set_hardlink(e, at + 2);
	} else if ((at = strstr(path, "->"))) {
		*at = '\0';
		archive_entry_set_mode(e, AE_IFLNK | 0777);
		archive_entry_set_symlink(e, at + 2);
	} else if ((at = strchr(path, '='))) {
		*at = '\0';
		text = word + (at - path) + 1;
		archive_entry_set_size(e, (la_int64_t)strlen(text));
	} else if (path[strlen(path) - 1] == '/') {
		archive_entry_set_mode(e, AE_IFDIR | 0755);
	}
	archive_entry_set_pathname(e, path);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	if (*text)
		archive_write_data(a, text, strlen(text));
	archive_entry_free(e);
	free(path);
}

static int from_buf(void *ctx, const void **ret_data, size_t *ret_len, struct kb_err *err)
{
	struct kb_buf *b = ctx;

	(void)err;
	*ret_data = b->data;
	*ret_len = b->len;
	b->len = 0;
	return 0;
}

static void read_words(struct kb_image_tree *tree, const char *words)
{
	struct archive *a = archive_write_new();
	kb_autobuf struct kb_buf tar = KB_BUF_INIT;
	char *copy = strdup(words), *save = NULL;
	struct kb_tar_reader *r;

	archive_write_set_format_ustar(a);
	archive_write_open(a, &tar, NULL, on_write, NULL);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		add_word(a, w);
	archive_write_free(a);
	free(copy);
	r = kb_tar_reader_new(from_buf, &tar);
	assert_int_equal(kb_image_tree_read(tree, r, NULL), 0);
	kb_tar_reader_free(r);
}

/* The first path in which ROOT differs from LAYERS (a NULL-terminated list), or
 * NULL. */
static const char *compare(const char *root_words, const char *const *layers)
{
	static char differs[256];
	struct kb_image_tree root = {0}, stack = {0};
	const char *path = NULL;

	read_words(&root, root_words);
	for (uint16_t i = 0; layers[i]; i++) {
		struct kb_image_tree layer = {0};

		read_words(&layer, layers[i]);
		assert_int_equal(kb_image_tree_stack(&stack, &layer, i, NULL), 0);
		kb_image_tree_free(&layer);
	}
	if (!kb_image_tree_covers(&root, &stack, &path))
		strcpy(differs, path);
	kb_image_tree_free(&root);
	kb_image_tree_free(&stack);
	return path ? differs : NULL;
}

#define LAYERS(...)             ((const char *const[]){__VA_ARGS__, NULL})
#define expect_whole(root, ...) assert_null(compare(root, LAYERS(__VA_ARGS__)))
#define expect_differs(root, path, ...) \
	assert_string_equal(compare(root, LAYERS(__VA_ARGS__)), path)

KB_TEST(files_with_their_content_are_covered)
{
	expect_whole("a/ a/f=1 b=2", "a/ a/f=1 b=2");
	expect_whole("./a/ ./a/f=1 more=3", "a/f=1 a/");
	expect_differs("a/ a/f=9", "a/f", "a/f=1");
	expect_differs("a/", "a/f", "a/f=1");
	expect_differs("a/f", "a/f", "a/f=1");
	expect_differs("a/f/", "a/f", "a/f=1");
}

KB_TEST(links_are_covered)
{
	expect_whole("l->t", "l->t");
	expect_differs("l->u", "l", "l->t");
	expect_differs("l=t", "l", "x l->t2");
	expect_whole("a=1 b=>a", "a=1 b=>a");
	expect_whole("b=1 a=>b", "a=1 b=>a");
	expect_whole("a=1 b=1", "a=1 b=>a");
	expect_differs("a=2 b=>a", "a", "a=1 b=>a");
	expect_whole("z/a=1 b=>z/a", "z/a=1 b=>z/a");
}

KB_TEST(upper_layers_win)
{
	expect_whole("f=2", "f=1", "f=2");
	expect_differs("f=1", "f", "f=1", "f=2");
	expect_whole("d/f=1 d/g=2", "d/ d/f=1", "d/ d/g=2");
	expect_whole("a=1 b=>a", "a=0 b=>a", "a=1 b=>a");
	expect_whole("a=9 b=1", "a=1 b=>a", "a=9");
}

KB_TEST(what_is_removed_is_not_expected)
{
	expect_whole("x=1", "x=1 f=1", ".wh.f");
	expect_whole("x=1", "x=1 d/ d/f=1 d/e/ d/e/g=1", ".wh.d");
	expect_differs("x=1", "d.f", "x=1 d/f=1 d.f=1", ".wh.d");
	expect_differs("", "f", "f=1", ".wh.f", "f=2");
	expect_whole("f=2", "f=1", ".wh.f", "f=2");
	expect_whole("d/ d/n=1", "d/f=1", ".wh.d", "d/ d/n=1");
	expect_differs("d/", "d/n", "d/f=1", ".wh.d", "d/ d/n=1");
	expect_whole("", "a/b/c=1", "a/.wh.b");
}

KB_TEST(what_is_replaced_is_not_expected)
{
	expect_whole("d=1", "d/ d/f=1", "d=1");
	expect_whole("d->x", "d/ d/f=1", "d->x");
	expect_differs("d->x", "e/f", "d/f=1 e/f=1", "d->x");
	expect_whole("d/ d/g=1", "d=1", "d/ d/g=1");
}

KB_TEST(an_opaque_folder_hides_what_is_below)
{
	expect_whole("d/ d/g=1", "d/ d/f=1 d/e/ d/e/h=1", "d/ d/.wh..wh..opq d/g=1");
	expect_whole("d/ d/g=1", "d/ d/f=1", "d/ d/g=1 d/.wh..wh..opq");
	expect_differs("d/", "d/g", "d/ d/f=1", "d/ d/.wh..wh..opq d/g=1");
	expect_whole("x=2", "a=1 d/f=1", ".wh..wh..opq x=2");
}

KB_TEST(hiding_ends_with_the_folder)
{
	expect_differs("", "a-b", "a/f=1 a-b=1", ".wh.a");
	expect_differs("", "ab/f", "a/f=1 ab/f=1", ".wh.a");
	expect_differs("", "a/c", "a/b/f=1 a/c=1", "a/.wh.b");
}

KB_TEST(files_of_the_engine_are_passed_over)
{
	expect_whole("etc/ etc/hosts", "etc/hosts=127 etc/hostname=x etc/resolv.conf=y dev/null=1");
	expect_differs("", "etc/hosts.allow", "etc/hosts.allow=x");
	expect_differs("", "device", "device=x");
}

KB_TEST(a_layer_that_is_no_tar_is_damaged)
{
	struct kb_image_tree tree = {0};
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_tar_reader *r;

	while (text.len < 4096)
		kb_buf_puts(&text, "no tar ");
	r = kb_tar_reader_new(from_buf, &text);
	assert_int_equal(kb_image_tree_read(&tree, r, NULL), KB_E_DAMAGED);
	kb_tar_reader_free(r);
	kb_image_tree_free(&tree);
}
