#include "builder/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "builder/run.h"

enum { BLOCK = 1 << 18 };

/* What comes, digested on the way, with the first block looked at before the
 * rest is asked for. */
struct feed {
	const struct kb_layer_input *input;
	struct kb_sha256 *sha;
	const void *first; /* not handed on yet */
	int64_t first_len;
	bool ended;
	int rc; /* the first failure of input, told in its own words */
	struct kb_err *err;
};

static int64_t feed_take(struct feed *f, const void **block)
{
	int64_t n;

	if (f->rc < 0)
		return f->rc;
	if (f->ended)
		return 0;
	n = f->input->next(f->input->ctx, block, f->err);
	if (n < 0)
		f->rc = (int)n;
	else if (n == 0)
		f->ended = true;
	else
		kb_sha256_add(f->sha, *block, (size_t)n);
	return n;
}

static int64_t feed_next(struct feed *f, const void **block)
{
	if (f->first_len > 0) {
		int64_t n = f->first_len;

		*block = f->first;
		f->first_len = 0;
		return n;
	}
	return feed_take(f, block);
}

static la_ssize_t read_callback(struct archive *a, void *ctx, const void **block)
{
	struct feed *f = ctx;
	int64_t n = feed_next(f, block);

	if (n < 0)
		archive_set_error(a, EIO, "input");
	return n < 0 ? -1 : (la_ssize_t)n;
}

static int store_block(struct kb_store_writer *w, const void *block, size_t len, uint64_t *total,
		       struct kb_err *err)
{
	int rc = kb_run_check(err);

	if (rc < 0)
		return rc;
	if (len > KB_LAYER_MAX - *total)
		return kb_err_set(err, KB_E_INVALID, "more than %" PRIu64 " bytes in one layer",
				  KB_LAYER_MAX);
	*total += len;
	return kb_store_add(w, block, len, err);
}

static int copy_plain(struct feed *f, struct kb_store_writer *w, struct kb_err *err)
{
	const void *block;
	uint64_t total = 0;
	int64_t n;
	int rc;

	while ((n = feed_next(f, &block)) > 0) {
		rc = store_block(w, block, (size_t)n, &total, err);
		if (rc < 0)
			return rc;
	}
	return (int)n;
}

static int refuse(struct archive *a, struct feed *f, struct kb_err *err)
{
	const char *text = archive_error_string(a);

	if (f->rc < 0)
		return f->rc; /* the input said what happened */
	return kb_err_set(err, KB_E_DAMAGED, "not decompressible: %s", text ? text : "damaged");
}

static int decompress_with(struct archive *a, struct feed *f, struct kb_store_writer *w,
			   struct kb_err *err)
{
	struct archive_entry *entry;
	uint64_t total = 0;
	la_int64_t offset;
	const void *block;
	size_t len;
	int r, rc;

	if (archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(a) != ARCHIVE_OK)
		return kb_err_set(err, KB_E_MISSING, "libarchive lacks gzip or zstd");
	if (archive_read_open(a, f, NULL, read_callback, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return refuse(a, f, err);
	while ((r = archive_read_data_block(a, &block, &len, &offset)) == ARCHIVE_OK) {
		rc = store_block(w, block, len, &total, err);
		if (rc < 0)
			return rc;
	}
	return r == ARCHIVE_EOF ? 0 : refuse(a, f, err);
}

static int copy_decompressed(struct feed *f, struct kb_store_writer *w, struct kb_err *err)
{
	struct archive *a = archive_read_new();
	const void *block;
	int64_t n;
	int rc;

	if (!a)
		return kb_err_set(err, KB_E_MEMORY, "out of memory");
	rc = decompress_with(a, f, w, err);
	archive_read_free(a);
	if (rc < 0)
		return rc;
	/* what follows the compressed data counts for the digest of the blob */
	while ((n = feed_next(f, &block)) > 0)
		;
	return (int)n;
}

static bool is_compressed(const unsigned char *p, int64_t len)
{
	static const unsigned char gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};

	return (len >= 2 && memcmp(p, gzip, 2) == 0) || (len >= 4 && memcmp(p, zstd, 4) == 0);
}

static int import(struct kb_store *store, struct feed *f, const struct kb_digest *blob,
		  const struct kb_digest *diff_id, uint64_t *ret_size, struct kb_err *err)
{
	kb_autowriter struct kb_store_writer *w = NULL;
	struct kb_digest got;
	int rc = kb_store_begin(store, &w, err);

	if (rc < 0)
		return rc;
	f->first_len = feed_take(f, &f->first);
	if (f->first_len < 0)
		return (int)f->first_len;
	rc = is_compressed(f->first, f->first_len) ? copy_decompressed(f, w, err)
						   : copy_plain(f, w, err);
	if (rc < 0)
		return rc;
	kb_sha256_end(f->sha, &got);
	if (blob && !kb_digest_eq(blob, &got))
		return kb_err_set(err, KB_E_DAMAGED, "has sha256 %s, not %s", kb_digest_hex(&got),
				  kb_digest_hex(blob));
	rc = kb_store_commit(kb_steal(w), diff_id, NULL, ret_size, err);
	return rc < 0 ? kb_err_wrap(err, "uncompressed") : 0;
}

int kb_layer_import(struct kb_store *store, const struct kb_layer_input *input,
		    const struct kb_digest *blob, const struct kb_digest *diff_id,
		    uint64_t *ret_size, struct kb_err *err)
{
	struct feed f = {.input = input, .sha = kb_sha256_new(), .err = err};
	int rc = import(store, &f, blob, diff_id, ret_size, err);

	kb_sha256_free(f.sha);
	return rc;
}

struct fd_input {
	int fd;
	char *block;
};

static int64_t fd_next(void *ctx, const void **ret_block, struct kb_err *err)
{
	struct fd_input *in = ctx;
	ssize_t n;

	do
		n = read(in->fd, in->block, BLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return kb_err_errno(err, KB_E_IO, "read");
	*ret_block = in->block;
	return n;
}

int kb_layer_import_fd(struct kb_store *store, int fd, const struct kb_digest *blob,
		       const struct kb_digest *diff_id, uint64_t *ret_size, struct kb_err *err)
{
	kb_autofree char *block = kb_alloc(BLOCK, 1);
	struct fd_input in = {fd, block};
	struct kb_layer_input input = {fd_next, &in};

	return kb_layer_import(store, &input, blob, diff_id, ret_size, err);
}
