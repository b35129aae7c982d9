#include "builder/sbom_layers.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/run.h"
#include "builder/sbom_licence.h"

enum {
	BLOCK = 1 << 16,
	DATABASE_MAX = 32 << 20,
	OS_RELEASE_MAX = 1 << 16,
	COPYRIGHT_MAX = 4 << 20,
	DOCS_MAX = 50000,
	LINKS_MAX = 4,
};

#define DOC "usr/share/doc/"

/* What could not be read for want of memory is not damaged. */
static int code_of(struct archive *a)
{
	return archive_errno(a) == ENOMEM ? KB_E_MEMORY : KB_E_DAMAGED;
}

/* ---- members of a layer ---- */

/* Append the member's bytes; more than MAX is left out, as if it were empty. */
static int read_member(struct archive *a, struct archive_entry *e, size_t max, struct kb_buf *buf,
		       struct kb_err *err)
{
	size_t begin = buf->len, size;
	const void *block;
	la_int64_t offset;
	int r;

	kb_buf_puts(buf, "");
	while ((r = archive_read_data_block(a, &block, &size, &offset)) == ARCHIVE_OK) {
		if (size > max - (buf->len - begin)) {
			buf->len = begin;
			buf->data[begin] = '\0';
			return 0;
		}
		kb_buf_add(buf, block, size);
	}
	if (r != ARCHIVE_EOF)
		return kb_err_set(err, code_of(a), "%s: %s", archive_entry_pathname(e),
				  archive_error_string(a));
	return 0;
}

/* A later layer's file takes the place of an earlier one's. */
static int replace(struct archive *a, struct archive_entry *e, struct kb_buf *buf,
		   struct kb_err *err)
{
	kb_buf_clear(buf);
	return archive_entry_filetype(e) == AE_IFREG ? read_member(a, e, DATABASE_MAX, buf, err)
						     : 0;
}

static char *os_release_value(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (len > n && strncmp(line, key, n) == 0) {
			const char *value = line + n;
			size_t l = len - n;

			if (l >= 2 && (*value == '"' || *value == '\'') && value[l - 1] == *value) {
				value++;
				l -= 2;
			}
			/* it becomes part of a URL and of names: what is allowed there */
			if (l && strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789._-") >= l)
				return kb_strndup(value, l);
		}
		line += len + (line[len] == '\n');
	}
	return NULL;
}

static int read_os_release(struct archive *a, struct archive_entry *e, struct kb_sbom_root *root,
			   struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	int rc;

	if (archive_entry_filetype(e) != AE_IFREG)
		return 0;
	rc = read_member(a, e, OS_RELEASE_MAX, &text, err);
	if (rc < 0)
		return rc;
	free(root->os_id);
	free(root->os_version);
	root->os_id = os_release_value(text.data, "ID=");
	root->os_version = os_release_value(text.data, "VERSION_ID=");
	return 0;
}

/* ---- usr/share/doc ---- */

static void free_doc(struct kb_sbom_doc *doc)
{
	free(doc->package);
	free(doc->licence);
	free(doc->link);
}

static void add_doc(struct kb_sbom_root *root, const char *package, size_t len, char *licence,
		    char *link)
{
	struct kb_sbom_doc *doc;

	if (root->n_docs == DOCS_MAX) {
		free(licence);
		free(link);
		return;
	}
	root->docs = kb_grow(root->docs, root->n_docs, &root->cap_docs, sizeof(*root->docs));
	doc = &root->docs[root->n_docs++];
	*doc = (struct kb_sbom_doc){kb_strndup(package, len), licence, link, root->n_docs};
}

/* The package that a link leads to: "Y" as DOC/X -> Y, "../Y/copyright" or
 * "usr/share/doc/Y/copyright" say it. */
static char *linked_package(const char *target, bool of_file)
{
	const char *end = target + strlen(target), *begin;

	if (of_file) {
		const char *slash = strrchr(target, '/');

		if (!slash || strcmp(slash, "/copyright") != 0)
			return NULL;
		end = slash;
	}
	for (begin = end; begin > target && begin[-1] != '/';)
		begin--;
	return begin == end ? NULL : kb_strndup(begin, (size_t)(end - begin));
}

/* PATH is below usr/share/doc/. */
static int read_doc(struct archive *a, struct archive_entry *e, const char *path,
		    struct kb_sbom_root *root, struct kb_err *err)
{
	size_t len = strcspn(path, "/");
	bool of_file = path[len] == '/';
	const char *link = archive_entry_filetype(e) == AE_IFLNK ? archive_entry_symlink(e)
								 : archive_entry_hardlink(e);
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	int rc;

	if (of_file && strcmp(path + len, "/copyright") != 0)
		return 0;
	if (link) {
		add_doc(root, path, len, NULL, linked_package(link, of_file));
		return 0;
	}
	if (!of_file || archive_entry_filetype(e) != AE_IFREG)
		return 0;
	rc = read_member(a, e, COPYRIGHT_MAX, &text, err);
	if (rc == 0)
		add_doc(root, path, len, kb_sbom_licence_debian(text.data, text.len), NULL);
	return rc;
}

static bool begins(const char *path, const char *with)
{
	return strncmp(path, with, strlen(with)) == 0;
}

/* A layer above may also remove what one below had. */
static bool is_whiteout_of(const char *path, const char *folder, const char *name)
{
	size_t len = strlen(folder);

	if (strncmp(path, folder, len) != 0 || !begins(path + len, ".wh."))
		return false;
	path += len + 4;
	return strcmp(path, name) == 0 || strcmp(path, ".wh..opq") == 0;
}

static int read_entry(struct archive *a, struct archive_entry *e, struct kb_sbom_root *root,
		      struct kb_err *err)
{
	const char *path = archive_entry_pathname(e);

	if (!path)
		return 0; /* no name that we look for */
	while (begins(path, "./") || *path == '/')
		path++;
	if (strcmp(path, "var/lib/dpkg/status") == 0)
		return replace(a, e, &root->dpkg, err);
	if (strcmp(path, "lib/apk/db/installed") == 0 ||
	    strcmp(path, "usr/lib/apk/db/installed") == 0)
		return replace(a, e, &root->apk, err);
	if (is_whiteout_of(path, "var/lib/dpkg/", "status"))
		kb_buf_clear(&root->dpkg);
	if (is_whiteout_of(path, "lib/apk/db/", "installed"))
		kb_buf_clear(&root->apk);
	if (begins(path, "var/lib/dpkg/status.d/") && !strstr(path, ".md5sums") &&
	    archive_entry_filetype(e) == AE_IFREG) {
		kb_buf_puts(&root->dpkg, root->dpkg.len ? "\n\n" : "");
		return read_member(a, e, COPYRIGHT_MAX, &root->dpkg, err);
	}
	if (strcmp(path, "etc/os-release") == 0 || strcmp(path, "usr/lib/os-release") == 0)
		return read_os_release(a, e, root, err);
	if (begins(path, DOC))
		return read_doc(a, e, path + strlen(DOC), root, err);
	return 0;
}

static int read_layer(struct archive *a, int fd, struct kb_sbom_root *root, struct kb_err *err)
{
	struct archive_entry *e;
	int r, rc = 0;

	if (archive_read_support_format_tar(a) != ARCHIVE_OK ||
	    archive_read_support_format_empty(a) != ARCHIVE_OK ||
	    archive_read_open_fd(a, fd, BLOCK) != ARCHIVE_OK)
		return kb_err_set(err, code_of(a), "not a tar: %s", archive_error_string(a));
	while (rc == 0 &&
	       ((r = archive_read_next_header(a, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN))
		if ((rc = kb_run_check(err)) == 0)
			rc = read_entry(a, e, root, err);
	if (rc == 0 && r != ARCHIVE_EOF)
		rc = kb_err_set(err, code_of(a), "%s", archive_error_string(a));
	return rc;
}

/* By name; of two with one name, the later comes last.. */
static int by_package_and_order(const void *a, const void *b)
{
	const struct kb_sbom_doc *x = a, *y = b;
	int order = strcmp(x->package, y->package);

	return order ? order : x->order < y->order ? -1 : 1;
}

/* ..and is the one that stays. */
static void sort_docs(struct kb_sbom_root *root)
{
	size_t n = 0;

	if (root->n_docs)
		qsort(root->docs, root->n_docs, sizeof(*root->docs), by_package_and_order);
	for (size_t i = 0; i < root->n_docs; i++) {
		struct kb_sbom_doc *doc = &root->docs[i];

		if (i + 1 < root->n_docs && strcmp(doc->package, doc[1].package) == 0)
			free_doc(doc);
		else
			root->docs[n++] = *doc;
	}
	root->n_docs = n;
}

int kb_sbom_root_read(struct kb_store *store, const struct kb_digest *layers, size_t n,
		      struct kb_sbom_root *ret_root, struct kb_err *err)
{
	struct kb_sbom_root root = {.dpkg = KB_BUF_INIT, .apk = KB_BUF_INIT};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct archive *a = archive_read_new();
		kb_autoclose int fd = -1;

		rc = kb_store_read(store, &layers[i], &fd, NULL, err);
		if (rc == 0)
			rc = read_layer(a, fd, &root, err);
		archive_read_free(a);
		if (rc < 0)
			kb_err_wrap(err, "layer %zu", i + 1);
	}
	if (rc < 0) {
		kb_sbom_root_free(&root);
		return rc;
	}
	sort_docs(&root);
	*ret_root = root;
	return 0;
}

void kb_sbom_root_free(struct kb_sbom_root *root)
{
	for (size_t i = 0; i < root->n_docs; i++)
		free_doc(&root->docs[i]);
	free(root->docs);
	free(root->os_id);
	free(root->os_version);
	kb_buf_free(&root->dpkg);
	kb_buf_free(&root->apk);
	memset(root, 0, sizeof(*root));
}

static int by_package(const void *a, const void *b)
{
	return strcmp(((const struct kb_sbom_doc *)a)->package,
		      ((const struct kb_sbom_doc *)b)->package);
}

const char *kb_sbom_root_licence(const struct kb_sbom_root *root, const char *package)
{
	for (int i = 0; i < LINKS_MAX && root->n_docs; i++) {
		const struct kb_sbom_doc key = {(char *)(uintptr_t)package, NULL, NULL, 0};
		const struct kb_sbom_doc *doc =
			bsearch(&key, root->docs, root->n_docs, sizeof(*root->docs), by_package);

		if (!doc)
			return NULL;
		if (!doc->link)
			return doc->licence;
		package = doc->link;
	}
	return NULL;
}
