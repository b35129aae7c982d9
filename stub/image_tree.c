#include "stub/image_tree.h"

#include <stdlib.h>
#include <string.h>

#define WHITEOUT ".wh."
#define OPAQUE   ".wh..wh..opq"

/* Mount points and files of a container's own, which hide the image's. */
static const char *const engines_own[] = {
	".dockerenv",      "dev",  "etc/hostname",      "etc/hosts", "etc/mtab",
	"etc/resolv.conf", "proc", "run/.containerenv", "sys",
};

void kb_image_tree_free(struct kb_image_tree *tree)
{
	free(tree->entries);
	kb_buf_free(&tree->text);
	memset(tree, 0, sizeof(*tree));
}

/* "./a/b/" and "/a/b" are both "a/b". */
static const char *plain(const char *path, size_t *ret_len)
{
	size_t len;

	while (*path == '/' || (path[0] == '.' && (path[1] == '/' || path[1] == '\0')))
		path++;
	len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	*ret_len = len;
	return path;
}

static int add_text(struct kb_image_tree *tree, const char *s, size_t len, uint32_t *ret_at,
		    struct kb_err *err)
{
	if (tree->text.len + len >= KB_IMAGE_TREE_TEXT_MAX)
		return kb_err_set(err, KB_E_INVALID, "an image of more files than can be checked");
	*ret_at = (uint32_t)tree->text.len;
	kb_buf_add(&tree->text, s, len);
	kb_buf_putc(&tree->text, '\0');
	return 0;
}

static int add(struct kb_image_tree *tree, const char *path, size_t len,
	       struct kb_image_tree_entry entry, struct kb_err *err)
{
	int rc = add_text(tree, path, len, &entry.path, err);

	if (rc == 0 && tree->n == KB_IMAGE_TREE_FILES_MAX)
		rc = kb_err_set(err, KB_E_INVALID, "an image of more files than can be checked");
	if (rc < 0)
		return rc;
	tree->entries = kb_grow(tree->entries, tree->n, &tree->cap, sizeof(*tree->entries));
	tree->entries[tree->n++] = entry;
	return 0;
}

static int digest_member(struct kb_tar_reader *r, struct kb_sha256 *sha, struct kb_digest *ret,
			 struct kb_err *err)
{
	const void *data;
	size_t len;
	int rc;

	while ((rc = kb_tar_read(r, &data, &len, err)) == 0 && len)
		kb_sha256_add(sha, data, len);
	kb_sha256_end(sha, ret);
	return rc;
}

/* A name that begins with ".wh." is about the layers below. */
static bool read_whiteout(const char *path, size_t *len, struct kb_image_tree_entry *entry,
			  struct kb_buf *name)
{
	const char *slash = memrchr(path, '/', *len);
	const char *base = slash ? slash + 1 : path;
	size_t folder = (size_t)(base - path), left = *len - folder;

	if (left < sizeof(WHITEOUT) - 1 || memcmp(base, WHITEOUT, sizeof(WHITEOUT) - 1) != 0)
		return false;
	kb_buf_clear(name);
	if (left == sizeof(OPAQUE) - 1 && memcmp(base, OPAQUE, left) == 0) {
		entry->kind = KB_IMAGE_TREE_OPAQUE;
		kb_buf_add(name, path, folder ? folder - 1 : 0);
	} else {
		entry->kind = KB_IMAGE_TREE_WHITEOUT;
		kb_buf_add(name, path, folder);
		kb_buf_add(name, base + sizeof(WHITEOUT) - 1, left - (sizeof(WHITEOUT) - 1));
	}
	*len = name->len;
	return true;
}

static int add_member(struct kb_image_tree *tree, struct kb_tar_reader *r, struct kb_sha256 *sha,
		      const struct kb_tar_member *m, struct kb_err *err)
{
	struct kb_image_tree_entry entry = {.kind = KB_IMAGE_TREE_OTHER};
	kb_autobuf struct kb_buf name = KB_BUF_INIT;
	size_t len, target_len;
	const char *path = plain(m->path, &len);
	int rc = 0;

	if (len == 0)
		return 0;
	if (read_whiteout(path, &len, &entry, &name)) {
		path = name.data;
	} else if (m->hard_link) {
		const char *target = plain(m->hard_link, &target_len);

		entry.kind = KB_IMAGE_TREE_LINK;
		rc = add_text(tree, target, target_len, &entry.target, err);
	} else if (m->regular) {
		entry.kind = KB_IMAGE_TREE_FILE;
		/* the member's path does not outlive its content */
		kb_buf_add(&name, path, len);
		path = name.data;
		rc = digest_member(r, sha, &entry.digest, err);
	} else if (m->symlink) {
		entry.kind = KB_IMAGE_TREE_FILE;
		kb_digest_of(m->symlink, strlen(m->symlink), &entry.digest);
	} else if (m->directory) {
		entry.kind = KB_IMAGE_TREE_FOLDER;
	}
	return rc < 0 ? rc : add(tree, path, len, entry, err);
}

int kb_image_tree_read(struct kb_image_tree *tree, struct kb_tar_reader *r, struct kb_err *err)
{
	struct kb_sha256 *sha = kb_sha256_new();
	struct kb_tar_member member;
	int rc;

	while ((rc = kb_tar_next(r, &member, err)) > 0) {
		rc = add_member(tree, r, sha, &member, err);
		if (rc < 0)
			break;
	}
	kb_sha256_free(sha);
	return rc;
}

int kb_image_tree_stack(struct kb_image_tree *tree, const struct kb_image_tree *layer,
			uint16_t number, struct kb_err *err)
{
	for (size_t i = 0; i < layer->n; i++) {
		struct kb_image_tree_entry entry = layer->entries[i];
		const char *path = layer->text.data + entry.path;
		const char *target = layer->text.data + entry.target;
		int rc = 0;

		if (entry.kind == KB_IMAGE_TREE_LINK)
			rc = add_text(tree, target, strlen(target), &entry.target, err);
		entry.layer = number;
		if (rc == 0)
			rc = add(tree, path, strlen(path), entry, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* By path, a folder right before what is in it; then the topmost layer first,
 * and within a layer what removes before what is there. */
static int compare_paths(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static bool removes(const struct kb_image_tree_entry *e)
{
	return e->kind == KB_IMAGE_TREE_WHITEOUT || e->kind == KB_IMAGE_TREE_OPAQUE;
}

static int compare_entries(const void *x, const void *y, void *text)
{
	const struct kb_image_tree_entry *a = x, *b = y;
	int r = compare_paths((const char *)text + a->path, (const char *)text + b->path);

	if (r == 0)
		r = (a->layer < b->layer) - (a->layer > b->layer);
	if (r == 0)
		r = removes(b) - removes(a);
	/* offsets tell the order of coming: the last of one name wins */
	return r ? r : (a->path < b->path) - (a->path > b->path);
}

static void sort(struct kb_image_tree *tree)
{
	if (tree->n)
		qsort_r(tree->entries, tree->n, sizeof(*tree->entries), compare_entries,
			tree->text.data);
}

/* What LAYER has under PATH (in a sorted tree), or NULL. */
static const struct kb_image_tree_entry *find(const struct kb_image_tree *tree, const char *path,
					      uint16_t layer)
{
	size_t lo = 0, hi = tree->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct kb_image_tree_entry *e = &tree->entries[mid];
		int r = compare_paths(tree->text.data + e->path, path);

		if (r < 0 || (r == 0 && (e->layer > layer || (e->layer == layer && removes(e)))))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == tree->n || tree->entries[lo].layer != layer ||
	    strcmp(tree->text.data + tree->entries[lo].path, path) != 0)
		return NULL;
	return &tree->entries[lo];
}

/* A hard link has the content of the file it names, in its own layer. */
static const struct kb_digest *content(const struct kb_image_tree *tree,
				       const struct kb_image_tree_entry *e)
{
	if (e->kind == KB_IMAGE_TREE_LINK)
		e = find(tree, tree->text.data + e->target, e->layer);
	return e && e->kind == KB_IMAGE_TREE_FILE ? &e->digest : NULL;
}

static bool below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return n == 0 || (strncmp(path, folder, n) == 0 && path[n] == '/');
}

static bool is_engines_own(const char *path)
{
	for (size_t i = 0; i < sizeof(engines_own) / sizeof(engines_own[0]); i++)
		if (strcmp(path, engines_own[i]) == 0 || below(path, engines_own[i]))
			return true;
	return false;
}

/* Folders above the entry being looked at, each with the lowest layer whose
 * entries are still to be seen below it. */
struct hiding {
	struct {
		const char *folder;
		int from;
	} * at;
	size_t n, cap;
};

static int visible_from(struct hiding *h, const char *path)
{
	while (h->n && !below(path, h->at[h->n - 1].folder))
		h->n--;
	return h->n ? h->at[h->n - 1].from : 0;
}

static void hide(struct hiding *h, const char *folder, int from)
{
	h->at = kb_grow(h->at, h->n, &h->cap, sizeof(*h->at));
	h->at[h->n].folder = folder;
	h->at[h->n].from = from;
	h->n++;
}

/* Entries [FROM, TO) are all of one path, topmost first. What of it is to be
 * seen, or NULL; what they hide below is noted. */
static const struct kb_image_tree_entry *settle(const struct kb_image_tree *tree, size_t from,
						size_t to, struct hiding *h)
{
	const char *path = tree->text.data + tree->entries[from].path;
	int least = visible_from(h, path), children = least;
	const struct kb_image_tree_entry *seen = NULL;

	for (size_t i = from; i < to; i++) {
		const struct kb_image_tree_entry *e = &tree->entries[i];
		int layer = e->layer;

		if (layer < least)
			break;
		/* everything but a folder hides what lower layers have below */
		if (e->kind != KB_IMAGE_TREE_FOLDER && layer > children)
			children = layer;
		if (e->kind == KB_IMAGE_TREE_WHITEOUT)
			least = layer; /* this layer's own entry is still seen */
		else if (e->kind != KB_IMAGE_TREE_OPAQUE && !seen)
			seen = e;
	}
	if (children > visible_from(h, path))
		hide(h, path, children);
	return seen;
}

bool kb_image_tree_covers(struct kb_image_tree *root, struct kb_image_tree *stack,
			  const char **ret_path)
{
	struct hiding h = {NULL, 0, 0};
	bool whole = true;
	size_t to;

	sort(root);
	sort(stack);
	for (size_t from = 0; whole && from < stack->n; from = to) {
		const char *path = stack->text.data + stack->entries[from].path;
		const struct kb_image_tree_entry *want, *have;
		const struct kb_digest *a, *b;

		for (to = from + 1;
		     to < stack->n && !strcmp(path, stack->text.data + stack->entries[to].path);
		     to++)
			;
		want = settle(stack, from, to, &h);
		a = want ? content(stack, want) : NULL;
		if (!a || is_engines_own(path))
			continue;
		have = find(root, path, 0);
		b = have ? content(root, have) : NULL;
		whole = b && kb_digest_eq(a, b);
		if (!whole && ret_path)
			*ret_path = path;
	}
	free(h.at);
	return whole;
}
