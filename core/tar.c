#include "core/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct kb_tar_writer {
	struct archive *archive;
	kb_tar_sink_fn sink;
	void *ctx;
	bool pax;
	uint64_t left; /* of the member being written */
	int rc;        /* what the sink said, once it was not 0 */
	bool cut;      /* freed without an end: nothing more goes out */
	struct kb_err *err;
};

/* Never fails towards libarchive, which would not clean up after that; a sink
 * that said stop is not called again. */
static la_ssize_t on_write(struct archive *archive, void *ctx, const void *data, size_t len)
{
	struct kb_tar_writer *w = ctx;

	(void)archive;
	if (!w->cut && w->rc == 0)
		w->rc = w->sink(w->ctx, data, len, w->err);
	return (la_ssize_t)len;
}

struct kb_tar_writer *kb_tar_writer_new(kb_tar_sink_fn sink, void *ctx, uint64_t largest)
{
	struct kb_tar_writer *w = kb_alloc(1, sizeof(*w));

	w->pax = largest > KB_TAR_USTAR_MAX;
	w->sink = sink;
	w->ctx = ctx;
	w->archive = archive_write_new();
	return w;
}

static int write_fault(struct kb_tar_writer *w, struct kb_err *err)
{
	const char *text = w->archive ? archive_error_string(w->archive) : NULL;

	if (!w->archive || archive_errno(w->archive) == ENOMEM)
		return kb_err_set(err, KB_E_MEMORY, "tar: out of memory");
	return kb_err_set(err, KB_E_INTERNAL, "tar: %s", text ? text : "cannot write");
}

static int open_writer(struct kb_tar_writer *w)
{
	struct archive *a = w->archive;
	int rc = w->pax ? archive_write_set_format_pax_restricted(a)
			: archive_write_set_format_ustar(a);

	/* unbuffered: runs of bytes go through as they come */
	if (rc != ARCHIVE_OK || archive_write_set_bytes_per_block(a, 0) != ARCHIVE_OK)
		return -1;
	return archive_write_open(a, w, NULL, on_write, NULL) == ARCHIVE_OK ? 0 : -1;
}

static int ready(struct kb_tar_writer *w, struct kb_err *err)
{
	w->err = err;
	if (w->rc)
		return w->rc;
	assert(w->left == 0);
	if (!w->archive)
		return write_fault(w, err);
	if (archive_format(w->archive) == 0 && open_writer(w) < 0)
		return write_fault(w, err);
	return 0;
}

static void free_entry(struct archive_entry **entry)
{
	archive_entry_free(*entry);
}

int kb_tar_file(struct kb_tar_writer *w, const char *path, unsigned mode, uint64_t size,
		struct kb_err *err)
{
	struct archive_entry *e __attribute__((cleanup(free_entry))) = NULL;
	int rc = ready(w, err);

	if (rc)
		return rc;
	assert(size <= (w->pax ? INT64_MAX : KB_TAR_USTAR_MAX));
	e = archive_entry_new();
	if (!e)
		return kb_err_set(err, KB_E_MEMORY, "tar: out of memory");
	archive_entry_set_pathname(e, path);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, (__LA_MODE_T)mode);
	archive_entry_set_size(e, (la_int64_t)size);
	archive_entry_set_mtime(e, 0, 0);
	if (archive_write_header(w->archive, e) != ARCHIVE_OK)
		return write_fault(w, err);
	w->left = size;
	return w->rc;
}

int kb_tar_data(struct kb_tar_writer *w, const void *data, size_t len, struct kb_err *err)
{
	w->err = err;
	if (w->rc)
		return w->rc;
	assert(len <= w->left);
	if (len == 0)
		return 0;
	if (archive_write_data(w->archive, data, len) != (la_ssize_t)len)
		return write_fault(w, err);
	w->left -= len;
	return w->rc;
}

int kb_tar_whole(struct kb_tar_writer *w, const char *path, unsigned mode, const void *data,
		 size_t len, struct kb_err *err)
{
	int rc = kb_tar_file(w, path, mode, len, err);

	return rc ? rc : kb_tar_data(w, data, len, err);
}

int kb_tar_end(struct kb_tar_writer *w, struct kb_err *err)
{
	int rc = ready(w, err);

	if (rc)
		return rc;
	return archive_write_close(w->archive) == ARCHIVE_OK ? w->rc : write_fault(w, err);
}

void kb_tar_writer_free(struct kb_tar_writer *w)
{
	if (!w)
		return;
	w->cut = true;
	archive_write_free(w->archive);
	free(w);
}

struct kb_tar_reader {
	struct archive *archive;
	kb_tar_source_fn source;
	void *ctx;
	bool open;
	int rc;     /* what the source said, once it failed */
	int64_t at; /* in the member */
	struct kb_err *err;
};

static la_ssize_t on_read(struct archive *archive, void *ctx, const void **ret_data)
{
	struct kb_tar_reader *r = ctx;
	size_t len = 0;

	r->rc = r->source(r->ctx, ret_data, &len, r->err);
	if (r->rc == 0)
		return (la_ssize_t)len;
	archive_set_error(archive, EIO, "stopped");
	return -1;
}

struct kb_tar_reader *kb_tar_reader_new(kb_tar_source_fn source, void *ctx)
{
	struct kb_tar_reader *r = kb_alloc(1, sizeof(*r));

	r->source = source;
	r->ctx = ctx;
	r->archive = archive_read_new();
	return r;
}

static int read_fault(struct kb_tar_reader *r, struct kb_err *err)
{
	const char *text = r->archive ? archive_error_string(r->archive) : NULL;

	if (r->rc)
		return r->rc;
	if (!r->archive || archive_errno(r->archive) == ENOMEM)
		return kb_err_set(err, KB_E_MEMORY, "tar: out of memory");
	return kb_err_set(err, KB_E_DAMAGED, "tar: %s", text ? text : "cannot be read");
}

static int open_reader(struct kb_tar_reader *r, struct kb_err *err)
{
	if (!r->archive || archive_read_support_format_tar(r->archive) != ARCHIVE_OK ||
	    archive_read_open(r->archive, r, NULL, on_read, NULL) != ARCHIVE_OK)
		return read_fault(r, err);
	r->open = true;
	return 0;
}

int kb_tar_next(struct kb_tar_reader *r, struct kb_tar_member *ret_member, struct kb_err *err)
{
	struct archive_entry *e;
	int rc;

	r->err = err;
	if (r->rc)
		return r->rc;
	if (!r->open) {
		rc = open_reader(r, err);
		if (rc < 0)
			return rc;
	}
	rc = archive_read_next_header(r->archive, &e);
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) /* warnings are about names and times */
		return read_fault(r, err);
	ret_member->path = archive_entry_pathname(e) ? archive_entry_pathname(e) : "";
	ret_member->hard_link = archive_entry_hardlink(e);
	ret_member->symlink = archive_entry_symlink(e);
	ret_member->regular = archive_entry_filetype(e) == AE_IFREG && !archive_entry_hardlink(e);
	ret_member->directory = archive_entry_filetype(e) == AE_IFDIR;
	ret_member->size = (uint64_t)archive_entry_size(e);
	r->at = 0;
	return 1;
}

int kb_tar_read(struct kb_tar_reader *r, const void **ret_data, size_t *ret_len, struct kb_err *err)
{
	la_int64_t offset = 0;
	int rc;

	r->err = err;
	if (r->rc)
		return r->rc;
	do {
		rc = archive_read_data_block(r->archive, ret_data, ret_len, &offset);
		if (rc == ARCHIVE_EOF) {
			*ret_len = 0;
			return 0;
		}
		if (rc != ARCHIVE_OK)
			return read_fault(r, err);
	} while (*ret_len == 0);
	if (offset != r->at)
		return kb_err_set(err, KB_E_DAMAGED, "tar: a member with holes");
	r->at += (int64_t)*ret_len;
	return 0;
}

void kb_tar_reader_free(struct kb_tar_reader *r)
{
	if (!r)
		return;
	archive_read_free(r->archive);
	free(r);
}
