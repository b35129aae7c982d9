#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bundle_private.h"
#include "core/file.h"

/* Together with header.c this is all the code that touches bytes nobody has
 * vouched for: it measures, compares, and hands the manifest to the parser
 * only after its signature was verified. */

static int read_size(int fd, uint64_t *ret_size, struct kb_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "stat");
	if (!S_ISREG(st.st_mode))
		return kb_err_set(err, KB_E_PATH, "not a regular file");
	if ((uint64_t)st.st_size < (uint64_t)KB_STUB_SPAN + KB_HEADER_LEN)
		return kb_err_set(err, KB_E_DAMAGED,
				  "%llu bytes are too few for a bundle; copy the file again",
				  (unsigned long long)st.st_size);
	*ret_size = (uint64_t)st.st_size;
	return 0;
}

static int read_signed_part(struct kb_bundle *b, struct kb_header *header, struct kb_err *err)
{
	int rc;

	b->signed_part = kb_alloc(KB_HEADER_LEN, 1);
	if ((rc = kb_pread_full(b->fd, b->signed_part, KB_HEADER_LEN, KB_STUB_SPAN, err)) < 0 ||
	    (rc = kb_header_read(b->signed_part, header, err)) < 0)
		return rc;
	b->signed_len = KB_HEADER_LEN + (size_t)header->manifest_len;
	b->signed_part = kb_realloc(b->signed_part, b->signed_len, 1);
	return kb_pread_full(b->fd, b->signed_part + KB_HEADER_LEN, header->manifest_len,
			     (uint64_t)KB_STUB_SPAN + KB_HEADER_LEN, err);
}

/* Signature first, parser second. */
static int authenticate(struct kb_bundle *b, const struct kb_header *header,
			const struct kb_trust *trust, struct kb_err *err)
{
	const uint8_t *manifest = b->signed_part + KB_HEADER_LEN;
	int rc = kb_header_authenticate(header, manifest, header->manifest_len, trust, &b->signer,
					err);

	if (rc < 0)
		return rc;
	kb_digest_of(manifest, header->manifest_len, &b->id);
	return kb_manifest_read(manifest, header->manifest_len, &b->manifest, err);
}

static int check_size(struct kb_bundle *b, uint64_t size, struct kb_err *err)
{
	const struct kb_manifest *m = b->manifest;
	uint64_t at = KB_STUB_SPAN + (uint64_t)b->signed_len;

	b->chunk_at = kb_alloc(m->n_chunks + 1, sizeof(*b->chunk_at));
	for (size_t i = 0; i < m->n_chunks; i++) {
		b->chunk_at[i] = at;
		at += m->chunks[i].stored;
	}
	b->chunk_at[m->n_chunks] = at;
	if (at != m->total_size)
		return kb_err_set(err, KB_E_INVALID, "manifest: chunks end at byte %llu of %llu",
				  (unsigned long long)at, (unsigned long long)m->total_size);
	if (size == m->total_size)
		return 0;
	return kb_err_set(err, KB_E_DAMAGED, "the file has %llu bytes, signed are %llu: %s",
			  (unsigned long long)size, (unsigned long long)m->total_size,
			  size < m->total_size ? "it was cut short; copy the file again"
					       : "something was appended; copy the file again");
}

int kb_bundle_open(int fd, const char *name, const struct kb_trust *trust,
		   struct kb_bundle **ret_bundle, struct kb_err *err)
{
	struct kb_bundle *b = kb_alloc(1, sizeof(*b));
	struct kb_header header = {.n_slots = 0};
	uint64_t size = 0;
	int rc;

	b->fd = fd;
	b->name = kb_strdup(name);
	if ((rc = read_size(fd, &size, err)) < 0 || (rc = read_signed_part(b, &header, err)) < 0 ||
	    (rc = authenticate(b, &header, trust, err)) < 0 ||
	    (rc = check_size(b, size, err)) < 0) {
		kb_bundle_close(b);
		return kb_err_wrap(err, "%s", name);
	}
	*ret_bundle = b;
	return 0;
}

int kb_bundle_recall(const uint8_t *bytes, size_t len, const char *name,
		     const struct kb_trust *trust, struct kb_bundle **ret_bundle,
		     struct kb_err *err)
{
	struct kb_bundle *b = kb_alloc(1, sizeof(*b));
	struct kb_header header = {.n_slots = 0};
	int rc;

	b->fd = -1;
	b->name = kb_strdup(name);
	b->signed_part = kb_alloc(len, 1);
	b->signed_len = len;
	memcpy(b->signed_part, bytes, len);
	if (len < KB_HEADER_LEN)
		rc = kb_err_set(err, KB_E_STATE, "%zu bytes are too few", len);
	else if ((rc = kb_header_read(bytes, &header, err)) == 0 &&
		 header.manifest_len != len - KB_HEADER_LEN)
		rc = kb_err_set(err, KB_E_STATE, "the recorded manifest was cut short");
	if (rc == 0)
		rc = authenticate(b, &header, trust, err);
	if (rc < 0) {
		kb_bundle_close(b);
		return kb_err_wrap(err, "%s", name);
	}
	*ret_bundle = b;
	return 0;
}

void kb_bundle_close(struct kb_bundle *b)
{
	if (!b)
		return;
	if (b->fd >= 0)
		close(b->fd);
	kb_manifest_free(b->manifest);
	free(b->signed_part);
	free(b->chunk_at);
	free(b->name);
	free(b);
}

const char *kb_bundle_name(const struct kb_bundle *b)
{
	return b->name;
}

const struct kb_manifest *kb_bundle_manifest(const struct kb_bundle *b)
{
	return b->manifest;
}

const struct kb_digest *kb_bundle_id(const struct kb_bundle *b)
{
	return &b->id;
}

const struct kb_key *kb_bundle_signer(const struct kb_bundle *b)
{
	return &b->signer;
}

void kb_bundle_signed_part(const struct kb_bundle *b, const uint8_t **ret_bytes, size_t *ret_len)
{
	*ret_bytes = b->signed_part;
	*ret_len = b->signed_len;
}
