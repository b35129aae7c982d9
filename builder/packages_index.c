#include "builder/packages_index.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/packages.h"

enum { BLOCK = 1 << 16, CONTROL_MAX = 1 << 20 };

/* ---- control.tar of the ar archive, as the input of the archive inside ---- */

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

static bool is_control(const char *path)
{
	return path && (strcmp(path, "./control") == 0 || strcmp(path, "control") == 0);
}

static int take_file(struct archive *a, struct kb_buf *text, struct kb_err *err)
{
	const void *block;
	la_int64_t offset;
	size_t len;
	int r;

	while ((r = archive_read_data_block(a, &block, &len, &offset)) == ARCHIVE_OK) {
		if (text->len + len > CONTROL_MAX)
			return kb_err_set(err, KB_E_DAMAGED, "its control file is over %d bytes",
					  CONTROL_MAX);
		kb_buf_add(text, block, len);
	}
	return r == ARCHIVE_EOF ? 0
				: kb_err_set(err, KB_E_DAMAGED, "its control file: %s",
					     archive_error_string(a));
}

static int read_part(struct archive *outer, struct kb_buf *text, struct kb_err *err)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int r, rc = KB_E_DAMAGED;

	archive_read_support_filter_all(a);
	archive_read_support_format_tar(a);
	r = archive_read_open(a, outer, NULL, read_outer, NULL);
	while (r == ARCHIVE_OK && (r = archive_read_next_header(a, &e)) == ARCHIVE_OK &&
	       !is_control(archive_entry_pathname(e)))
		;
	if (r == ARCHIVE_OK)
		rc = take_file(a, text, err);
	else
		kb_err_set(err, KB_E_DAMAGED, "its control.tar: %s",
			   r == ARCHIVE_EOF ? "no control file" : archive_error_string(a));
	archive_read_free(a);
	return rc;
}

static int read_deb(int fd, struct kb_buf *text, struct kb_err *err)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int r, rc = KB_E_DAMAGED;
	const char *name;

	archive_read_support_format_ar(a);
	r = archive_read_open_fd(a, fd, BLOCK);
	while (r == ARCHIVE_OK && (r = archive_read_next_header(a, &e)) == ARCHIVE_OK &&
	       !((name = archive_entry_pathname(e)) && strncmp(name, "control.tar", 11) == 0))
		;
	if (r == ARCHIVE_OK)
		rc = read_part(a, text, err);
	else
		kb_err_set(err, KB_E_DAMAGED, "not a Debian package: %s",
			   r == ARCHIVE_EOF ? "no control.tar" : archive_error_string(a));
	archive_read_free(a);
	return rc;
}

/* ---- the paragraph ---- */

/* What apt resolves by; descriptions and the like are left out. */
static const char *const fields[] = {
	"Package",   "Version",        "Architecture", "Multi-Arch", "Essential",
	"Protected", "Installed-Size", "Pre-Depends",  "Depends",    "Provides",
	"Conflicts", "Breaks",         "Replaces",
};

static void add_field(struct kb_buf *out, const struct kb_control *paragraph, const char *name)
{
	const char *value;
	size_t len;

	if (!kb_control_field(paragraph, name, &value, &len))
		return;
	kb_buf_printf(out, "%s: ", name);
	for (size_t i = 0; i < len; i++) {
		bool folded = value[i] == '\n';

		if (!folded)
			kb_buf_putc(out, value[i]);
		while (folded && i + 1 < len && (value[i + 1] == ' ' || value[i + 1] == '\t'))
			i++;
		if (folded)
			kb_buf_putc(out, ' ');
	}
	kb_buf_putc(out, '\n');
}

static bool says(const struct kb_control *paragraph, const char *name, const char *wanted)
{
	const char *value;
	size_t len;

	return kb_control_field(paragraph, name, &value, &len) && strlen(wanted) == len &&
	       strncmp(value, wanted, len) == 0;
}

static int make_paragraph(const struct kb_buf *control, const struct kb_deb *deb,
			  struct kb_buf *out, struct kb_err *err)
{
	const char *at = control->len ? control->data : "";
	struct kb_control p;

	if (!kb_control_next(&at, at + control->len, &p) || !says(&p, "Package", deb->name) ||
	    !says(&p, "Version", deb->version) || !says(&p, "Architecture", deb->arch))
		return kb_err_set(err, KB_E_DAMAGED, "its control file names another package");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		add_field(out, &p, fields[i]);
	kb_buf_printf(out, "Filename: ./%s_%s.deb\nSize: %" PRIu64 "\nSHA256: %s\n\n", deb->name,
		      deb->arch, deb->size, kb_digest_hex(&deb->sha256));
	return 0;
}

#define HEAD "keybuzz index 1\n"

int kb_packages_index_add(struct kb_store *store, const struct kb_deb *deb, struct kb_buf *index,
			  struct kb_err *err)
{
	kb_autofree char *label = kb_format(HEAD "%s\n", kb_digest_hex(&deb->sha256));
	kb_autobuf struct kb_buf control = KB_BUF_INIT, text = KB_BUF_INIT;
	kb_autoclose int fd = -1;
	struct kb_digest key;
	int rc;

	kb_digest_of(label, strlen(label), &key);
	if (!kb_store_has(store, &deb->sha256, NULL))
		return kb_err_set(err, KB_E_MISSING,
				  "%s %s is not in the store; run: keybuzz-bundle fetch", deb->name,
				  deb->version);
	if (kb_store_derived_get(store, &key, &text, NULL) == 0 && text.len > strlen(HEAD) &&
	    strncmp(text.data, HEAD, strlen(HEAD)) == 0) {
		kb_buf_puts(index, text.data + strlen(HEAD));
		return 0;
	}
	kb_buf_clear(&text);
	kb_buf_puts(&text, HEAD);
	if ((rc = kb_store_read(store, &deb->sha256, &fd, NULL, err)) < 0 ||
	    (rc = read_deb(fd, &control, err)) < 0 ||
	    (rc = make_paragraph(&control, deb, &text, err)) < 0)
		return kb_err_wrap(err, "%s %s", deb->name, deb->version);
	kb_buf_puts(index, text.data + strlen(HEAD));
	return kb_store_derived_put(store, &key, text.data, text.len, err);
}
