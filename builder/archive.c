#include "builder/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/layer.h"
#include "builder/layer_locale.h"
#include "builder/run.h"
#include "core/name.h"

enum {
	READ_BLOCK = 1 << 16,
	LINKS_MAX = 8,
};

struct item {
	char *path;
	char *link; /* of a link: where it leads, in the archive; else NULL */
	bool regular;
	size_t order;
};

struct kb_archive {
	int fd;
	char *name;
	struct item *items; /* files and links, sorted by path */
	size_t n, cap;
};

static void free_reader(struct archive **a)
{
	archive_read_free(*a);
}

#define autoreader __attribute__((cleanup(free_reader)))

/* ---- walking ---- */

static int fault(const struct kb_archive *ar, struct archive *a, struct kb_err *err)
{
	const char *text = archive_error_string(a);

	return kb_err_set(err, KB_E_DAMAGED, "%s: not a readable tar: %s", ar->name,
			  text ? text : "damaged");
}

static int open_reader(const struct kb_archive *ar, struct archive **ret, struct kb_err *err)
{
	autoreader struct archive *a = archive_read_new();

	if (!a)
		return kb_err_set(err, KB_E_MEMORY, "out of memory");
	if (archive_read_support_format_tar(a) != ARCHIVE_OK ||
	    archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(a) != ARCHIVE_OK)
		return kb_err_set(err, KB_E_MISSING, "libarchive lacks tar, gzip or zstd");
	if (lseek(ar->fd, 0, SEEK_SET) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", ar->name);
	if (archive_read_open_fd(a, ar->fd, READ_BLOCK) != ARCHIVE_OK)
		return fault(ar, a, err);
	*ret = a;
	a = NULL;
	return 0;
}

/* 1 and an entry, 0 at the end, or a negative code. A mere warning counts as a
 * fault: where one reader warns, two readers may disagree. */
static int next_entry(const struct kb_archive *ar, struct archive *a, struct archive_entry **ret,
		      struct kb_err *err)
{
	int r = archive_read_next_header(a, ret);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r == ARCHIVE_OK)
		return 1;
	if (r == ARCHIVE_WARN)
		return kb_err_set(err, KB_E_INVALID, "%s: doubtful tar header: %s", ar->name,
				  archive_error_string(a));
	return fault(ar, a, err);
}

/* "./a/b/" is "a/b"; "" for the top itself. */
static char *plain_path(const char *path)
{
	size_t len;

	while (path[0] == '.' && path[1] == '/')
		for (path += 2; *path == '/'; path++)
			;
	len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	return kb_strndup(path, len == 1 && *path == '.' ? 0 : len);
}

/* Where the symbolic link at PATH leads, by text alone; NULL when that is
 * outside the archive. */
static char *link_target(const char *path, const char *target)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	const char *slash = strrchr(path, '/');

	if (*target == '/' || !*target)
		return NULL;
	kb_buf_add(&out, path, slash ? (size_t)(slash - path) : 0);
	while (*target) {
		size_t len = strcspn(target, "/");

		if (len == 2 && target[0] == '.' && target[1] == '.') {
			char *last = out.len ? strrchr(out.data, '/') : NULL;

			if (!out.len)
				return NULL;
			out.len = last ? (size_t)(last - out.data) : 0;
			out.data[out.len] = '\0';
		} else if (len && !(len == 1 && target[0] == '.')) {
			if (out.len)
				kb_buf_putc(&out, '/');
			kb_buf_add(&out, target, len);
		}
		target += len + (target[len] == '/');
	}
	return out.len ? kb_buf_steal(&out) : NULL;
}

static int take_link(struct kb_archive *ar, struct item *item, struct archive_entry *entry,
		     struct kb_err *err)
{
	const char *hard = archive_entry_hardlink(entry);
	const char *soft = archive_entry_symlink(entry);

	if (hard) {
		item->link = plain_path(hard);
		if (kb_name_check_relative(item->link, err) < 0)
			return kb_err_wrap(err, "%s: hard link %s", ar->name, item->path);
		if (archive_entry_size_is_set(entry) && archive_entry_size(entry) != 0)
			return kb_err_set(err, KB_E_PATH, "%s: hard link %s carries data", ar->name,
					  item->path);
		return 0;
	}
	item->link = soft ? link_target(item->path, soft) : NULL;
	if (!item->link)
		return kb_err_set(err, KB_E_PATH, "%s: link %s leads out of the archive", ar->name,
				  item->path);
	return 0;
}

static int take_entry(struct kb_archive *ar, struct archive_entry *entry, struct kb_err *err)
{
	const char *raw = archive_entry_pathname(entry);
	kb_autofree char *path = raw ? plain_path(raw) : NULL;
	bool hard = archive_entry_hardlink(entry) != NULL;
	unsigned type = archive_entry_filetype(entry);
	struct item *item;
	int rc;

	if (!path)
		return kb_err_set(err, KB_E_INVALID, "%s: an entry without a name", ar->name);
	if (type == AE_IFDIR && !*path)
		return 0;
	rc = kb_name_check_relative(path, err);
	if (rc < 0)
		return kb_err_wrap(err, "%s: entry %zu", ar->name, ar->n + 1);
	if (!hard && type == AE_IFDIR)
		return 0;
	if (!hard && type != AE_IFREG && type != AE_IFLNK)
		return kb_err_set(err, KB_E_PATH, "%s: %s is neither file, folder nor link",
				  ar->name, path);
	if (!hard && type == AE_IFREG &&
	    (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0))
		return kb_err_set(err, KB_E_INVALID, "%s: %s has no size", ar->name, path);
	if (ar->n == KB_ARCHIVE_ENTRIES_MAX)
		return kb_err_set(err, KB_E_INVALID, "%s: more than %d entries", ar->name,
				  KB_ARCHIVE_ENTRIES_MAX);
	ar->items = kb_grow(ar->items, ar->n, &ar->cap, sizeof(*ar->items));
	item = &ar->items[ar->n];
	*item = (struct item){.path = kb_steal(path), .order = ar->n};
	ar->n++;
	item->regular = !hard && type == AE_IFREG;
	return item->regular ? 0 : take_link(ar, item, entry, err);
}

static int by_path(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = strcmp(x->path, y->path);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int walk(struct kb_archive *ar, struct kb_err *err)
{
	kb_autolocale struct kb_layer_locale locale = KB_LAYER_LOCALE_INIT;
	autoreader struct archive *a = NULL;
	struct archive_entry *entry;
	int rc;

	if ((rc = kb_layer_locale_begin(&locale, err)) < 0 || (rc = open_reader(ar, &a, err)) < 0)
		return rc;
	while ((rc = next_entry(ar, a, &entry, err)) > 0)
		if ((rc = take_entry(ar, entry, err)) < 0 || (rc = kb_run_check(err)) < 0)
			return rc;
	if (rc < 0)
		return rc;
	if (!ar->n)
		return kb_err_set(err, KB_E_INVALID, "%s: an empty archive", ar->name);
	qsort(ar->items, ar->n, sizeof(*ar->items), by_path);
	for (size_t i = 1; i < ar->n; i++)
		if (strcmp(ar->items[i - 1].path, ar->items[i].path) == 0)
			return kb_err_set(err, KB_E_INVALID, "%s: %s is inside twice", ar->name,
					  ar->items[i].path);
	return 0;
}

int kb_archive_open(int fd, const char *name, struct kb_archive **ret_archive, struct kb_err *err)
{
	kb_autoarchive struct kb_archive *ar = NULL;
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", name);
	if (!S_ISREG(st.st_mode))
		return kb_err_set(err, KB_E_PATH, "%s: not a regular file", name);
	ar = kb_alloc(1, sizeof(*ar));
	ar->fd = fd;
	ar->name = kb_strdup(name);
	rc = walk(ar, err);
	if (rc < 0)
		return rc;
	*ret_archive = kb_steal(ar);
	return 0;
}

void kb_archive_close(struct kb_archive *ar)
{
	if (!ar)
		return;
	for (size_t i = 0; i < ar->n; i++) {
		free(ar->items[i].path);
		free(ar->items[i].link);
	}
	free(ar->items);
	free(ar->name);
	free(ar);
}

void kb_archive_cleanup(struct kb_archive **archive)
{
	kb_archive_close(*archive);
}

/* ---- finding ---- */

static const struct item *find(const struct kb_archive *ar, const char *path)
{
	struct item key = {.path = (char *)path};
	size_t low = 0, high = ar->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = strcmp(ar->items[mid].path, key.path);

		if (c == 0)
			return &ar->items[mid];
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* The regular file that PATH means, through links (docker save wrote a layer
 * that two images share as a link). */
static int find_file(const struct kb_archive *ar, const char *path, const char **ret_path,
		     struct kb_err *err)
{
	const struct item *item = find(ar, path);

	if (!item)
		return kb_err_set(err, KB_E_MISSING, "%s: there is no %s inside", ar->name, path);
	for (int i = 0; i < LINKS_MAX; i++) {
		if (item->regular) {
			*ret_path = item->path;
			return 0;
		}
		item = find(ar, item->link);
		if (!item)
			break;
	}
	return kb_err_set(err, KB_E_INVALID, "%s: the link %s leads to no file inside", ar->name,
			  path);
}

/* ---- reading ---- */

struct entry_input {
	const struct kb_archive *ar;
	struct archive *a;
	int64_t size, offset;
};

static int64_t entry_next(void *ctx, const void **ret_block, struct kb_err *err)
{
	struct entry_input *in = ctx;
	la_int64_t offset;
	size_t len;
	int r;

	do
		r = archive_read_data_block(in->a, ret_block, &len, &offset);
	while (r == ARCHIVE_OK && len == 0 && offset == in->offset);
	if (r == ARCHIVE_EOF && in->offset == in->size)
		return 0;
	if (r != ARCHIVE_OK)
		return r == ARCHIVE_EOF
			       ? kb_err_set(err, KB_E_DAMAGED, "%s ends early", in->ar->name)
			       : fault(in->ar, in->a, err);
	if (offset != in->offset)
		return kb_err_set(err, KB_E_INVALID, "%s: sparse data", in->ar->name);
	in->offset += (int64_t)len;
	return (int64_t)len;
}

/* Go to the entry that holds PATH, which is known to be there. */
static int seek_entry(const struct kb_archive *ar, struct archive *a, const char *path,
		      struct archive_entry **ret, struct kb_err *err)
{
	int rc;

	while ((rc = next_entry(ar, a, ret, err)) > 0) {
		const char *raw = archive_entry_pathname(*ret);
		kb_autofree char *plain = raw ? plain_path(raw) : NULL;

		if (plain && strcmp(plain, path) == 0)
			return 0;
	}
	return rc < 0 ? rc
		      : kb_err_set(err, KB_E_DAMAGED, "%s changed while it was read", ar->name);
}

static int read_small(void *ctx, const char *path, size_t max, struct kb_buf *buf,
		      struct kb_err *err)
{
	const struct kb_archive *ar = ctx;
	kb_autolocale struct kb_layer_locale locale = KB_LAYER_LOCALE_INIT;
	autoreader struct archive *a = NULL;
	struct entry_input in = {.ar = ar};
	struct archive_entry *entry;
	const void *block;
	int64_t n;
	int rc;

	if ((rc = find_file(ar, path, &path, err)) < 0 ||
	    (rc = kb_layer_locale_begin(&locale, err)) < 0 || (rc = open_reader(ar, &a, err)) < 0 ||
	    (rc = seek_entry(ar, a, path, &entry, err)) < 0)
		return rc;
	in.a = a;
	in.size = archive_entry_size(entry);
	if ((uint64_t)in.size > max)
		return kb_err_set(err, KB_E_INVALID, "%s: %s has %" PRId64 " bytes, at most %zu",
				  ar->name, path, in.size, max);
	while ((n = entry_next(&in, &block, err)) > 0)
		kb_buf_add(buf, block, (size_t)n);
	return (int)n;
}

static int import_entry(const struct kb_archive *ar, struct archive *a, struct archive_entry *entry,
			struct kb_store *store, struct kb_oci_layer *layer, struct kb_err *err)
{
	struct entry_input in = {.ar = ar, .a = a, .size = archive_entry_size(entry)};
	struct kb_layer_input input = {entry_next, &in};
	int rc = kb_layer_import(store, &input, layer->has_blob ? &layer->blob : NULL,
				 &layer->diff_id, &layer->size, err);

	return rc < 0 ? kb_err_wrap(err, "%s: layer %s", ar->name, layer->path) : 0;
}

/* One pass over the archive, each layer as it comes. */
static int import_layers(void *ctx, struct kb_store *store, struct kb_oci_layer *layers, size_t n,
			 struct kb_err *err)
{
	const struct kb_archive *ar = ctx;
	kb_autofree const char **files = kb_alloc(n, sizeof(*files));
	kb_autolocale struct kb_layer_locale locale = KB_LAYER_LOCALE_INIT;
	autoreader struct archive *a = NULL;
	struct archive_entry *entry;
	int rc;

	for (size_t i = 0; i < n; i++) {
		rc = find_file(ar, layers[i].path, &files[i], err);
		if (rc == KB_E_MISSING)
			return kb_err_set(err, KB_E_INVALID, "%s: layer %zu, %s, is not inside",
					  ar->name, i + 1, layers[i].path);
		if (rc < 0)
			return rc;
	}
	if ((rc = kb_layer_locale_begin(&locale, err)) < 0 || (rc = open_reader(ar, &a, err)) < 0)
		return rc;
	while ((rc = next_entry(ar, a, &entry, err)) > 0) {
		const char *raw = archive_entry_pathname(entry);
		kb_autofree char *path = raw ? plain_path(raw) : NULL;
		const struct kb_oci_layer *first = NULL;

		for (size_t i = 0; path && i < n; i++) {
			if (!files[i] || strcmp(files[i], path) != 0)
				continue;
			/* the same layer may stand in an image more than once */
			if (!first)
				rc = import_entry(ar, a, entry, store, &layers[i], err);
			else if (!kb_digest_eq(&first->diff_id, &layers[i].diff_id))
				rc = kb_err_set(err, KB_E_INVALID, "%s: %s has two diffIDs",
						ar->name, path);
			else
				layers[i].size = first->size;
			if (rc < 0)
				return rc;
			first = &layers[i];
			files[i] = NULL;
		}
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		if (files[i])
			rc = kb_err_set(err, KB_E_DAMAGED, "%s changed while it was read",
					ar->name);
	return rc;
}

void kb_archive_source(struct kb_archive *archive, struct kb_oci_source *ret_source)
{
	*ret_source = (struct kb_oci_source){
		.name = archive->name,
		.blobs = "blobs/sha256/",
		.read = read_small,
		.layers = import_layers,
		.ctx = archive,
	};
}
