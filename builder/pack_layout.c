#include "builder/pack_layout.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/format.h"
#include "core/manifest_check.h"

int kb_layout_stub(const char *path, struct kb_buf *stub, struct kb_digest *ret_digest,
		   struct kb_err *err)
{
	int rc = kb_file_read(path, KB_STUB_SPAN, stub, err);

	if (rc < 0)
		return kb_err_wrap(err, "host program");
	kb_buf_reserve(stub, KB_STUB_SPAN - stub->len);
	memset(stub->data + stub->len, 0, KB_STUB_SPAN - stub->len);
	stub->len = KB_STUB_SPAN;
	kb_digest_of(stub->data, stub->len, ret_digest);
	return 0;
}

void kb_layout_add(struct kb_layout *l, const struct kb_chunk *chunk)
{
	struct kb_manifest *m = l->m;

	m->chunks = kb_grow(m->chunks, m->n_chunks, &l->cap_chunks, sizeof(*m->chunks));
	m->chunks[m->n_chunks++] = *chunk;
}

static int end_shared_chunk(struct kb_layout *l, struct kb_codec *codec, struct kb_buf *plain,
			    struct kb_err *err)
{
	kb_autofree uint8_t *stored = NULL;
	struct kb_chunk chunk;
	int rc;

	if (plain->len == 0)
		return 0;
	stored = kb_alloc(KB_CHUNK_STORED, 1);
	rc = kb_chunk_encode(codec, l->level, plain->data, plain->len, stored, &chunk, err);
	if (rc < 0 || (rc = l->shared(l->ctx, &chunk, stored, err)) != 0)
		return rc;
	kb_layout_add(l, &chunk);
	kb_buf_clear(plain);
	return 0;
}

/* A small blob may not straddle chunks: it is then read from one of them. */
static int lay_small(struct kb_layout *l, struct kb_err *err)
{
	kb_autobuf struct kb_buf plain = KB_BUF_INIT;
	struct kb_codec *codec = kb_codec_new();
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->m->n_blobs; i++) {
		struct kb_blob *blob = &l->m->blobs[i];

		if (blob->size == 0 || blob->size >= KB_BLOB_ALONE)
			continue;
		if (plain.len + blob->size > KB_CHUNK_PLAIN)
			rc = end_shared_chunk(l, codec, &plain, err);
		blob->chunk = (uint32_t)l->m->n_chunks;
		blob->offset = (uint32_t)plain.len;
		if (rc == 0)
			rc = kb_store_get(l->store, &blob->digest, KB_BLOB_ALONE, &plain, err);
	}
	if (rc == 0)
		rc = end_shared_chunk(l, codec, &plain, err);
	kb_codec_free(codec);
	return rc;
}

static int add_to_done(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	const struct kb_layout *l = ctx;

	(void)total;
	return kb_progress_step(l->progress, what, l->done + done, l->total);
}

static int lay_large(struct kb_layout *l, struct kb_err *err)
{
	for (size_t i = 0; i < l->m->n_blobs; i++) {
		struct kb_blob *blob = &l->m->blobs[i];
		int rc;

		if (blob->size < KB_BLOB_ALONE)
			continue;
		blob->chunk = (uint32_t)l->m->n_chunks;
		blob->offset = 0;
		if ((rc = l->large(l->ctx, i, err)) != 0)
			return rc;
		l->done += blob->size;
	}
	return 0;
}

int kb_layout_run(struct kb_layout *l, struct kb_err *err)
{
	int rc;

	free(l->m->chunks);
	l->m->chunks = NULL;
	l->m->n_chunks = l->cap_chunks = 0;
	l->of_blob = (struct kb_progress){add_to_done, l};
	l->done = l->total = 0;
	for (size_t i = 0; i < l->m->n_blobs; i++)
		l->total += l->m->blobs[i].size >= KB_BLOB_ALONE ? l->m->blobs[i].size : 0;
	rc = lay_small(l, err);
	return rc ? rc : lay_large(l, err);
}

/* Encoded twice: the first time tells the manifest's length, which does not
 * depend on the total size written into it. */
int kb_layout_finish(struct kb_manifest *m, struct kb_buf *bytes, struct kb_err *err)
{
	kb_buf_clear(bytes);
	kb_manifest_write(m, bytes);
	m->total_size = (uint64_t)KB_STUB_SPAN + KB_HEADER_LEN + bytes->len;
	for (size_t i = 0; i < m->n_chunks; i++)
		m->total_size += m->chunks[i].stored;
	kb_buf_clear(bytes);
	kb_manifest_write(m, bytes);
	if (bytes->len > KB_MANIFEST_MAX)
		return kb_err_set(err, KB_E_INVALID, "the manifest has %zu bytes, at most %u",
				  bytes->len, KB_MANIFEST_MAX);
	return kb_manifest_check(m, err);
}
