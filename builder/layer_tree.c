#include "builder/layer_tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/layer_locale.h"
#include "builder/run.h"
#include "core/file.h"
#include "core/name.h"

enum { READ_BLOCK = 1 << 18 };

static void free_entry(struct kb_tree_entry *e)
{
	free(e->path);
	free(e->target);
	free(e->hard);
	free(e->caps);
}

void kb_tree_free(struct kb_tree *tree)
{
	for (size_t i = 0; i < tree->n; i++)
		free_entry(&tree->entries[i]);
	free(tree->entries);
	kb_cleanup_close(&tree->data);
	*tree = (struct kb_tree)KB_TREE_INIT;
}

static int fault(struct archive *a, struct kb_err *err)
{
	const char *text = archive_error_string(a);

	return kb_err_set(err, KB_E_DAMAGED, "not a readable tar: %s", text ? text : "damaged");
}

/* ---- reading ---- */

static char *plain_path(const char *path)
{
	size_t len;

	while (path[0] == '.' && path[1] == '/')
		path += 2;
	len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	return kb_strndup(path, len == 1 && *path == '.' ? 0 : len);
}

static void take_caps(struct archive_entry *entry, struct kb_tree_entry *e)
{
	const char *name;
	const void *value;
	size_t len;

	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &len) == ARCHIVE_OK) {
		if (strcmp(name, "security.capability") != 0 || e->caps)
			continue;
		e->caps = kb_alloc(len, 1);
		memcpy(e->caps, value, len);
		e->n_caps = len;
	}
}

/* E from ENTRY; a type that layers of ours do not hold leaves mode 0. */
static int take_header(struct archive_entry *entry, struct kb_tree_entry *e, struct kb_err *err)
{
	const char *path = archive_entry_pathname(entry);
	const char *hard = archive_entry_hardlink(entry);
	const char *target = archive_entry_symlink(entry);
	mode_t type = archive_entry_filetype(entry);

	if (!path)
		return kb_err_set(err, KB_E_INVALID, "an entry without a name");
	e->path = plain_path(path);
	if (hard) {
		e->hard = plain_path(hard);
		e->mode = S_IFREG;
		return 0;
	}
	if (type == AE_IFLNK && !target)
		return kb_err_set(err, KB_E_INVALID, "%s: a link without a target", e->path);
	if (type == AE_IFREG || type == AE_IFDIR || type == AE_IFLNK)
		e->mode = type | (archive_entry_perm(entry) & 07777);
	e->target = type == AE_IFLNK ? kb_strdup(target) : NULL;
	e->uid = (uint64_t)archive_entry_uid(entry);
	e->gid = (uint64_t)archive_entry_gid(entry);
	e->mtime = archive_entry_mtime(entry);
	e->size = type == AE_IFREG ? (uint64_t)archive_entry_size(entry) : 0;
	take_caps(entry, e);
	return 0;
}

static int take_content(struct kb_tree *tree, struct archive *a, struct kb_tree_entry *e,
			struct kb_sha256 *sha, struct kb_err *err)
{
	uint64_t size = 0;
	const void *block;
	la_int64_t offset;
	size_t len;
	int r, rc;

	while ((r = archive_read_data_block(a, &block, &len, &offset)) == ARCHIVE_OK) {
		if ((uint64_t)offset != size)
			return kb_err_set(err, KB_E_INVALID, "%s: sparse", e->path);
		kb_sha256_add(sha, block, len);
		size += len;
		if (tree->data >= 0 && (rc = kb_write_full(tree->data, block, len, err)) < 0)
			return rc;
	}
	if (r != ARCHIVE_EOF)
		return fault(a, err);
	if (size != e->size)
		return kb_err_set(err, KB_E_DAMAGED, "%s: ends early", e->path);
	kb_sha256_end(sha, &e->content);
	e->offset = tree->data_size;
	tree->data_size += size;
	return 0;
}

static int take_entry(struct kb_tree *tree, struct archive *a, struct archive_entry *entry,
		      kb_tree_filter *filter, struct kb_sha256 *sha, struct kb_err *err)
{
	struct kb_tree_entry e = {0};
	int rc = take_header(entry, &e, err);

	if (rc == 0 && e.mode && *e.path && (!filter || filter(&e))) {
		if (S_ISREG(e.mode) && !e.hard)
			rc = take_content(tree, a, &e, sha, err);
		if (rc == 0 && tree->n == KB_TREE_ENTRIES_MAX)
			rc = kb_err_set(err, KB_E_INVALID, "more than %d files",
					KB_TREE_ENTRIES_MAX);
		if (rc == 0) {
			tree->entries =
				kb_grow(tree->entries, tree->n, &tree->cap, sizeof(*tree->entries));
			tree->entries[tree->n++] = e;
			return 0;
		}
	}
	free_entry(&e);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct kb_tree_entry *)a)->path,
		      ((const struct kb_tree_entry *)b)->path);
}

const struct kb_tree_entry *kb_tree_find(const struct kb_tree *tree, const char *path)
{
	const struct kb_tree_entry key = {.path = (char *)path};

	return tree->n ? bsearch(&key, tree->entries, tree->n, sizeof(key), by_path) : NULL;
}

/* Give hard links what they are names of, and each name the first one. */
static int join_links(struct kb_tree *tree, struct kb_err *err)
{
	for (size_t i = 0; i < tree->n; i++)
		tree->entries[i].leader = i;
	for (size_t i = 0; i < tree->n; i++) {
		struct kb_tree_entry *e = &tree->entries[i], *to;
		size_t at;

		if (!e->hard)
			continue;
		to = (struct kb_tree_entry *)kb_tree_find(tree, e->hard);
		if (!to || to->hard || !S_ISREG(to->mode))
			return kb_err_set(err, KB_E_INVALID,
					  "%s: a hard link to %s, which is none "
					  "of the files",
					  e->path, e->hard);
		e->mode = to->mode;
		e->uid = to->uid;
		e->gid = to->gid;
		e->mtime = to->mtime;
		e->size = to->size;
		e->offset = to->offset;
		e->content = to->content;
		if (to->n_caps) {
			e->caps = kb_alloc(to->n_caps, 1);
			memcpy(e->caps, to->caps, to->n_caps);
			e->n_caps = to->n_caps;
		}
		at = (size_t)(to - tree->entries);
		if (i < to->leader)
			to->leader = i; /* entries come in order: the first is the lowest */
		e->leader = at;         /* for now; see below */
	}
	for (size_t i = 0; i < tree->n; i++) {
		struct kb_tree_entry *e = &tree->entries[i];

		if (e->hard)
			e->leader = tree->entries[e->leader].leader;
	}
	return 0;
}

static int read_all(struct kb_tree *tree, struct archive *a, int fd, kb_tree_filter *filter,
		    struct kb_sha256 *sha, struct kb_err *err)
{
	struct archive_entry *entry;
	int r, rc;

	if (archive_read_support_format_tar(a) != ARCHIVE_OK)
		return kb_err_set(err, KB_E_MISSING, "libarchive lacks tar");
	if (archive_read_open_fd(a, fd, READ_BLOCK) != ARCHIVE_OK)
		return fault(a, err);
	while ((r = archive_read_next_header(a, &entry)) == ARCHIVE_OK) {
		if ((rc = kb_run_check(err)) < 0 ||
		    (rc = take_entry(tree, a, entry, filter, sha, err)) < 0)
			return rc;
	}
	return r == ARCHIVE_EOF ? 0 : fault(a, err);
}

int kb_tree_read(struct kb_tree *tree, int fd, const char *scratch, kb_tree_filter *filter,
		 struct kb_err *err)
{
	kb_autolocale struct kb_layer_locale locale = KB_LAYER_LOCALE_INIT;
	struct kb_sha256 *sha;
	struct archive *a;
	int rc = kb_layer_locale_begin(&locale, err);

	if (rc < 0)
		return rc;
	if (scratch) {
		tree->data = open(scratch, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
		if (tree->data < 0)
			return kb_err_errno(err, KB_E_IO, "a scratch file in %s", scratch);
	}
	a = archive_read_new();
	if (!a)
		return kb_err_set(err, KB_E_MEMORY, "out of memory");
	sha = kb_sha256_new();
	rc = read_all(tree, a, fd, filter, sha, err);
	kb_sha256_free(sha);
	archive_read_free(a);
	if (rc < 0)
		return rc;
	if (tree->n)
		qsort(tree->entries, tree->n, sizeof(*tree->entries), by_path);
	for (size_t i = 1; i < tree->n; i++)
		if (strcmp(tree->entries[i - 1].path, tree->entries[i].path) == 0)
			return kb_err_set(err, KB_E_INVALID, "%s is inside twice",
					  tree->entries[i].path);
	return join_links(tree, err);
}

int kb_tree_content(const struct kb_tree *tree, const struct kb_tree_entry *entry, size_t max,
		    struct kb_buf *buf, struct kb_err *err)
{
	int rc;

	if (!S_ISREG(entry->mode) || entry->size > max)
		return kb_err_set(err, KB_E_INVALID, "%s: not a file of at most %zu bytes",
				  entry->path, max);
	kb_buf_reserve(buf, (size_t)entry->size);
	rc = kb_pread_full(tree->data, buf->data + buf->len, (size_t)entry->size, entry->offset,
			   err);
	if (rc < 0)
		return rc;
	buf->len += (size_t)entry->size;
	buf->data[buf->len] = '\0';
	return 0;
}

/* ---- writing ---- */

struct output {
	struct kb_store_writer *w;
	struct archive *a;
	struct archive_entry *entry;
	char *block;
	struct kb_err *err;
	int rc;
};

static la_ssize_t write_callback(struct archive *a, void *ctx, const void *data, size_t len)
{
	struct output *o = ctx;

	o->rc = kb_store_add(o->w, data, len, o->err);
	if (o->rc < 0) {
		archive_set_error(a, EIO, "output");
		return -1;
	}
	return (la_ssize_t)len;
}

static int write_fault(struct output *o, const char *path, struct kb_err *err)
{
	const char *text = archive_error_string(o->a);

	if (o->rc < 0)
		return o->rc;
	return kb_err_set(err, KB_E_INTERNAL, "write %s to a layer: %s", path, text ? text : "?");
}

static int put_header(struct output *o, const char *path, const struct kb_tree_entry *e,
		      const char *hard, struct kb_err *err)
{
	struct archive_entry *x = archive_entry_clear(o->entry);

	archive_entry_set_pathname(x, path);
	archive_entry_set_mode(x, e->mode);
	archive_entry_set_uid(x, (la_int64_t)e->uid);
	archive_entry_set_gid(x, (la_int64_t)e->gid);
	archive_entry_set_mtime(x, e->mtime, 0);
	if (hard)
		archive_entry_set_hardlink(x, hard);
	else if (S_ISLNK(e->mode))
		archive_entry_set_symlink(x, e->target);
	archive_entry_set_size(x, S_ISREG(e->mode) && !hard ? (la_int64_t)e->size : 0);
	if (e->n_caps && !hard)
		archive_entry_xattr_add_entry(x, "security.capability", e->caps, e->n_caps);
	return archive_write_header(o->a, x) == ARCHIVE_OK ? 0 : write_fault(o, path, err);
}

static int put_content(struct output *o, const struct kb_tree *tree, const struct kb_tree_entry *e,
		       struct kb_err *err)
{
	uint64_t done = 0;

	while (done < e->size) {
		size_t len = e->size - done < READ_BLOCK ? (size_t)(e->size - done) : READ_BLOCK;
		int rc = kb_pread_full(tree->data, o->block, len, e->offset + done, err);

		if (rc < 0)
			return rc;
		if (archive_write_data(o->a, o->block, len) != (la_ssize_t)len)
			return write_fault(o, e->path, err);
		done += len;
	}
	return 0;
}

static int put_whiteout(struct output *o, const char *path, struct kb_err *err)
{
	const struct kb_tree_entry nothing = {.mode = S_IFREG | 0644};

	return put_header(o, path, &nothing, NULL, err);
}

static int put_entry(struct output *o, const struct kb_tree *tree, size_t i, char **first,
		     struct kb_err *err)
{
	const struct kb_tree_entry *e = &tree->entries[i];
	kb_autofree char *folder = NULL;
	const char *hard = NULL;
	int rc;

	/* the leader may have been left out: then the first name that is not */
	if (S_ISREG(e->mode)) {
		hard = first[e->leader];
		if (!hard)
			first[e->leader] = e->path;
	}
	if (S_ISDIR(e->mode))
		folder = kb_format("%s/", e->path);
	rc = put_header(o, folder ? folder : e->path, e, hard, err);
	return rc < 0 || hard || !S_ISREG(e->mode) ? rc : put_content(o, tree, e, err);
}

static int put_all(struct output *o, const struct kb_tree *tree, const bool *chosen,
		   char *const *whiteouts, size_t n_whiteouts, struct kb_err *err)
{
	kb_autofree char **first = kb_alloc(tree->n, sizeof(*first));
	size_t w = 0;
	int rc;

	if (archive_write_set_format_pax_restricted(o->a) != ARCHIVE_OK ||
	    archive_write_set_options(o->a, "xattrheader=SCHILY") != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(o->a, 1) != ARCHIVE_OK ||
	    archive_write_open(o->a, o, NULL, write_callback, NULL) != ARCHIVE_OK)
		return write_fault(o, "the beginning", err);
	for (size_t i = 0; i < tree->n; i++) {
		if (chosen && !chosen[i])
			continue;
		for (; w < n_whiteouts && strcmp(whiteouts[w], tree->entries[i].path) < 0; w++)
			if ((rc = put_whiteout(o, whiteouts[w], err)) < 0)
				return rc;
		if ((rc = put_entry(o, tree, i, first, err)) < 0 || (rc = kb_run_check(err)) < 0)
			return rc;
	}
	for (; w < n_whiteouts; w++)
		if ((rc = put_whiteout(o, whiteouts[w], err)) < 0)
			return rc;
	return archive_write_close(o->a) == ARCHIVE_OK ? 0 : write_fault(o, "the end", err);
}

int kb_tree_write(const struct kb_tree *tree, const bool *chosen, char *const *whiteouts,
		  size_t n_whiteouts, struct kb_store *store, struct kb_digest *ret_layer,
		  uint64_t *ret_size, struct kb_err *err)
{
	kb_autowriter struct kb_store_writer *w = NULL;
	kb_autolocale struct kb_layer_locale locale = KB_LAYER_LOCALE_INIT;
	kb_autofree char *block = kb_alloc(READ_BLOCK, 1);
	struct output o = {.block = block, .err = err};
	int rc;

	if ((rc = kb_layer_locale_begin(&locale, err)) < 0 ||
	    (rc = kb_store_begin(store, &w, err)) < 0)
		return rc;
	o.w = w;
	o.a = archive_write_new();
	o.entry = archive_entry_new();
	if (o.a && o.entry)
		rc = put_all(&o, tree, chosen, whiteouts, n_whiteouts, err);
	else
		rc = kb_err_set(err, KB_E_MEMORY, "out of memory");
	archive_entry_free(o.entry);
	archive_write_free(o.a);
	if (rc < 0)
		return rc;
	return kb_store_commit(kb_steal(w), NULL, ret_layer, ret_size, err);
}
