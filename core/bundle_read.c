#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bundle_private.h"
#include "core/chunk.h"
#include "core/file.h"
#include "core/pool.h"

struct room {
	uint8_t *bytes;
	size_t size;
};

struct slot {
	struct room stored, plain;
	struct kb_codec *codec;
};

/* As large as what is to come, not as what could come: most blobs are small. */
static uint8_t *make_room(struct room *room, size_t size)
{
	if (size > room->size) {
		free(room->bytes);
		room->bytes = kb_alloc(size, 1);
		room->size = size;
	}
	return room->bytes;
}

static void slot_free(void *p)
{
	struct slot *slot = p;

	free(slot->stored.bytes);
	free(slot->plain.bytes);
	kb_codec_free(slot->codec);
}

/* For messages: the file or layer that a chunk's first byte belongs to. */
static const char *owner_of(const struct kb_manifest *m, size_t chunk, char *text, size_t cap)
{
	for (size_t i = 0; i < m->n_images; i++)
		for (size_t j = 0; j < m->images[i].n_layers; j++) {
			const struct kb_blob *blob = &m->blobs[m->images[i].layers[j]];

			if (blob->chunk <= chunk &&
			    chunk - blob->chunk <= blob->size / KB_CHUNK_PLAIN) {
				snprintf(text, cap, "layer %zu of image %s", j + 1,
					 m->images[i].name);
				return text;
			}
		}
	for (size_t i = 0; i < m->n_files; i++)
		if (m->blobs[m->files[i].blob].chunk == chunk) {
			snprintf(text, cap, "file %s", m->files[i].path);
			return text;
		}
	return "packages";
}

static int name_chunk(const struct kb_bundle *b, size_t i, struct kb_err *err)
{
	char owner[256];

	return kb_err_wrap(err, "%s: chunk %zu of %zu (%s)", b->name, i + 1, b->manifest->n_chunks,
			   owner_of(b->manifest, i, owner, sizeof(owner)));
}

static int load_stored(struct kb_bundle *b, size_t i, struct slot *slot, struct kb_err *err)
{
	size_t size = b->manifest->chunks[i].stored;

	return kb_pread_full(b->fd, make_room(&slot->stored, size), size, b->chunk_at[i], err);
}

static int decode(struct kb_bundle *b, size_t i, struct slot *slot, struct kb_err *err)
{
	const struct kb_chunk *chunk = &b->manifest->chunks[i];
	int rc = load_stored(b, i, slot, err);

	if (!slot->codec)
		slot->codec = kb_codec_new();
	if (rc == 0)
		rc = kb_chunk_decode(slot->codec, chunk, slot->stored.bytes,
				     make_room(&slot->plain, chunk->plain), err);
	return rc < 0 ? name_chunk(b, i, err) : 0;
}

/* --- verify: item 0 is the stub, item i + 1 is chunk i --- */

struct verify {
	struct kb_bundle *bundle;
	const struct kb_progress *progress;
	uint64_t done;
};

static int verify_stub(struct kb_bundle *b, struct slot *slot, struct kb_err *err)
{
	uint8_t *block = make_room(&slot->stored, KB_CHUNK_PLAIN);
	struct kb_sha256 *sha = kb_sha256_new();
	struct kb_digest seen;
	int rc = 0;

	for (uint32_t at = 0; rc == 0 && at < KB_STUB_SPAN; at += KB_CHUNK_PLAIN) {
		rc = kb_pread_full(b->fd, block, KB_CHUNK_PLAIN, at, err);
		if (rc == 0)
			kb_sha256_add(sha, block, KB_CHUNK_PLAIN);
	}
	kb_sha256_end(sha, &seen);
	kb_sha256_free(sha);
	if (rc == 0 && !kb_digest_eq(&seen, &b->manifest->stub))
		rc = kb_err_set(err, KB_E_DAMAGED, "digest differs; copy the file again");
	return rc < 0 ? kb_err_wrap(err, "%s: stub", b->name) : 0;
}

static int verify_work(void *ctx, size_t i, void *slot, struct kb_err *err)
{
	struct verify *v = ctx;
	struct slot *s = slot;
	int rc;

	if (i == 0)
		return verify_stub(v->bundle, s, err);
	rc = load_stored(v->bundle, i - 1, s, err);
	if (rc == 0)
		rc = kb_chunk_check(&v->bundle->manifest->chunks[i - 1], s->stored.bytes, err);
	return rc < 0 ? name_chunk(v->bundle, i - 1, err) : 0;
}

static int verify_emit(void *ctx, size_t i, void *slot, struct kb_err *err)
{
	struct verify *v = ctx;
	const struct kb_manifest *m = v->bundle->manifest;

	(void)slot;
	v->done += i ? m->chunks[i - 1].stored : KB_STUB_SPAN;
	if (kb_progress_step(v->progress, "verify", v->done, m->total_size) != 0)
		return kb_err_set(err, KB_E_INTERRUPTED, "verify: stopped; nothing was changed");
	return 0;
}

int kb_bundle_verify(struct kb_bundle *b, const struct kb_progress *progress, struct kb_err *err)
{
	struct verify v = {.bundle = b, .progress = progress, .done = b->signed_len};
	struct kb_pool_job job = {.n = b->manifest->n_chunks + 1,
				  .slot_size = sizeof(struct slot),
				  .ctx = &v,
				  .work = verify_work,
				  .emit = verify_emit,
				  .slot_free = slot_free};

	return kb_pool_run(&job, err);
}

/* --- streaming one blob --- */

struct stream {
	struct kb_bundle *bundle;
	const struct kb_blob *blob;
	uint64_t left;
	kb_sink_fn sink;
	void *ctx;
};

static int stream_work(void *ctx, size_t i, void *slot, struct kb_err *err)
{
	struct stream *s = ctx;

	return decode(s->bundle, s->blob->chunk + i, slot, err);
}

static int stream_emit(void *ctx, size_t i, void *slot, struct kb_err *err)
{
	struct stream *s = ctx;
	const struct slot *from = slot;
	uint32_t skip = i == 0 ? s->blob->offset : 0;
	uint64_t n = s->bundle->manifest->chunks[s->blob->chunk + i].plain - skip;

	if (n > s->left)
		n = s->left;
	s->left -= n;
	return s->sink(s->ctx, from->plain.bytes + skip, (size_t)n, err);
}

static size_t chunks_of(const struct kb_manifest *m, const struct kb_blob *blob)
{
	uint64_t covered = 0, need = blob->offset + blob->size;
	size_t n = 0;

	while (covered < need)
		covered += m->chunks[blob->chunk + n++].plain;
	return n;
}

int kb_bundle_stream(struct kb_bundle *b, uint32_t blob, kb_sink_fn sink, void *ctx,
		     struct kb_err *err)
{
	struct stream s = {.bundle = b, .sink = sink, .ctx = ctx};
	struct kb_pool_job job = {.slot_size = sizeof(struct slot),
				  .ctx = &s,
				  .work = stream_work,
				  .emit = stream_emit,
				  .slot_free = slot_free};

	if (blob >= b->manifest->n_blobs)
		return kb_err_set(err, KB_E_INTERNAL, "blob %u of %zu", blob, b->manifest->n_blobs);
	s.blob = &b->manifest->blobs[blob];
	s.left = s.blob->size;
	if (s.left == 0)
		return 0;
	job.n = chunks_of(b->manifest, s.blob);
	/* a single chunk is not worth a thread */
	job.workers = job.n == 1 ? 1 : 0;
	return kb_pool_run(&job, err);
}

static int into_buffer(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	(void)err;
	kb_buf_add(ctx, data, len);
	return 0;
}

int kb_bundle_load(struct kb_bundle *b, uint32_t blob, size_t max, struct kb_buf *buf,
		   struct kb_err *err)
{
	if (blob < b->manifest->n_blobs && b->manifest->blobs[blob].size > max)
		return kb_err_set(err, KB_E_INVALID, "a blob of %llu bytes, at most %zu",
				  (unsigned long long)b->manifest->blobs[blob].size, max);
	return kb_bundle_stream(b, blob, into_buffer, buf, err);
}

int kb_bundle_load_file(struct kb_bundle *b, const char *path, struct kb_buf *buf,
			struct kb_err *err)
{
	enum { FILE_MAX = 16 << 20 };
	const struct kb_file *file = kb_manifest_file(b->manifest, path);
	int rc;

	if (!file)
		return kb_err_set(err, KB_E_INVALID, "the bundle holds no file %s", path);
	rc = kb_bundle_load(b, file->blob, FILE_MAX, buf, err);
	return rc < 0 ? kb_err_wrap(err, "%s", path) : 0;
}
