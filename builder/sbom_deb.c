#include "builder/sbom_deb.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder/run.h"
#include "builder/sbom_licence.h"

enum { BLOCK = 1 << 16, COPYRIGHT_MAX = 4 << 20 };

/* data.tar of the ar archive, as the input of the archive inside. */
static la_ssize_t read_outer(struct archive *inner, void *ctx, const void **block)
{
	struct archive *outer = ctx;
	la_int64_t offset;
	size_t len = 0;
	int r = archive_read_data_block(outer, block, &len, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r == ARCHIVE_OK)
		return (la_ssize_t)len;
	archive_set_error(inner, EIO, "%s", archive_error_string(outer));
	return -1;
}

static bool is_copyright_of(const char *path, const char *package)
{
	kb_autofree char *wanted = kb_format("usr/share/doc/%s/copyright", package);

	if (!path)
		return false;
	path += strncmp(path, "./", 2) == 0 ? 2 : 0;
	return strcmp(path, wanted) == 0;
}

/* NULL when it has none of its own: a link, no such file, or too long. */
static char *licence_in(struct archive *a, struct archive_entry *e)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	const void *block;
	la_int64_t offset;
	size_t len;

	if (archive_entry_filetype(e) != AE_IFREG || archive_entry_size(e) > COPYRIGHT_MAX)
		return NULL;
	while (archive_read_data_block(a, &block, &len, &offset) == ARCHIVE_OK &&
	       text.len + len <= COPYRIGHT_MAX)
		kb_buf_add(&text, block, len);
	return text.len ? kb_sbom_licence_debian(text.data, text.len) : NULL;
}

static int read_data(struct archive *outer, const char *package, char **ret_licence,
		     struct kb_err *err)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int r, rc = 0;

	archive_read_support_filter_all(a);
	archive_read_support_format_tar(a);
	r = archive_read_open(a, outer, NULL, read_outer, NULL);
	while (r == ARCHIVE_OK && rc == 0 &&
	       ((r = archive_read_next_header(a, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN)) {
		rc = kb_run_check(err);
		r = ARCHIVE_OK;
		if (is_copyright_of(archive_entry_pathname(e), package)) {
			*ret_licence = licence_in(a, e);
			r = ARCHIVE_EOF;
		}
	}
	if (rc == 0 && r != ARCHIVE_EOF)
		rc = kb_err_set(err, KB_E_DAMAGED, "its data: %s", archive_error_string(a));
	archive_read_free(a);
	return rc;
}

static int read_deb(int fd, const char *package, char **ret_licence, struct kb_err *err)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int rc = 0, r;

	archive_read_support_format_ar(a);
	r = archive_read_open_fd(a, fd, BLOCK);
	while (r == ARCHIVE_OK && (r = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(e);

		if (name && strncmp(name, "data.tar", 8) == 0) {
			rc = read_data(a, package, ret_licence, err);
			break;
		}
	}
	if (rc == 0 && r != ARCHIVE_OK)
		rc = kb_err_set(err, KB_E_DAMAGED, "not a Debian package: %s",
				r == ARCHIVE_EOF ? "no data.tar" : archive_error_string(a));
	archive_read_free(a);
	return rc;
}

#define HEAD "keybuzz licence 1\n"

static void record_key(const struct kb_digest *deb, const char *package, struct kb_digest *ret_key)
{
	kb_autofree char *text = kb_format(HEAD "%s %s\n", kb_digest_hex(deb), package);

	kb_digest_of(text, strlen(text), ret_key);
}

int kb_sbom_deb_licence(struct kb_store *store, const struct kb_digest *deb, const char *package,
			char **ret_licence, struct kb_err *err)
{
	kb_autobuf struct kb_buf record = KB_BUF_INIT;
	kb_autoclose int fd = -1;
	struct kb_digest key;
	char *licence = NULL;
	int rc;

	record_key(deb, package, &key);
	if (kb_store_derived_get(store, &key, &record, NULL) == 0 && record.len &&
	    strncmp(record.data, HEAD, strlen(HEAD)) == 0) {
		const char *text = record.data + strlen(HEAD);

		*ret_licence = *text ? kb_strdup(text) : NULL;
		return 0;
	}
	if ((rc = kb_store_read(store, deb, &fd, NULL, err)) < 0 ||
	    (rc = read_deb(fd, package, &licence, err)) < 0)
		return rc;
	kb_buf_clear(&record);
	kb_buf_printf(&record, HEAD "%s", licence ? licence : "");
	rc = kb_store_derived_put(store, &key, record.data, record.len, err);
	if (rc < 0)
		free(licence);
	else
		*ret_licence = licence;
	return rc;
}
