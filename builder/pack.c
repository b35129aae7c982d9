#include "builder/pack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/frames.h"
#include "core/file.h"
#include "core/format.h"
#include "core/header.h"
#include "core/manifest_check.h"

/* Layout: blobs below KB_BLOB_ALONE first, in order of their digests, sharing
 * chunks; then each large blob in its own run of chunks, so that its frames
 * can be kept and shared between bundles. Empty blobs have no place. */
struct layout {
	const struct kb_pack *pack;
	struct kb_manifest *m;
	size_t cap_chunks;
	struct kb_buf small;        /* stored bytes of the shared chunks */
	struct kb_frames *frames;   /* per blob; fd -1 when small */
};

static struct kb_chunk *add_chunk(struct layout *l, const struct kb_chunk *chunk)
{
	struct kb_manifest *m = l->m;

	m->chunks = kb_grow(m->chunks, m->n_chunks, &l->cap_chunks, sizeof(*m->chunks));
	m->chunks[m->n_chunks] = *chunk;
	return &m->chunks[m->n_chunks++];
}

static int end_shared_chunk(struct layout *l, struct kb_codec *codec, struct kb_buf *plain,
			    struct kb_err *err)
{
	kb_autofree uint8_t *stored = kb_alloc(KB_CHUNK_STORED, 1);
	struct kb_chunk chunk;
	int rc;

	if (plain->len == 0)
		return 0;
	rc = kb_chunk_encode(codec, l->pack->level, plain->data, plain->len, stored, &chunk, err);
	if (rc < 0)
		return rc;
	add_chunk(l, &chunk);
	kb_buf_add(&l->small, stored, chunk.stored);
	kb_buf_clear(plain);
	return 0;
}

/* A small blob may not straddle chunks: it is then read from one of them. */
static int lay_small(struct layout *l, struct kb_err *err)
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
			rc = kb_store_get(l->pack->store, &blob->digest, KB_BLOB_ALONE, &plain,
					  err);
	}
	if (rc == 0)
		rc = end_shared_chunk(l, codec, &plain, err);
	kb_codec_free(codec);
	return rc;
}

static int lay_large(struct layout *l, struct kb_err *err)
{
	for (size_t i = 0; i < l->m->n_blobs; i++) {
		struct kb_blob *blob = &l->m->blobs[i];
		int rc;

		if (blob->size < KB_BLOB_ALONE)
			continue;
		rc = kb_frames_open(l->pack->store, &blob->digest, blob->size, l->pack->level,
				    l->pack->progress, &l->frames[i], err);
		if (rc < 0)
			return rc;
		blob->chunk = (uint32_t)l->m->n_chunks;
		blob->offset = 0;
		for (size_t j = 0; j < l->frames[i].n_chunks; j++)
			add_chunk(l, &l->frames[i].chunks[j]);
	}
	return 0;
}

/* The stub, zero-padded to its span, and its digest. */
static int load_stub(const struct kb_pack *pack, struct kb_buf *stub, struct kb_digest *ret_digest,
		     struct kb_err *err)
{
	int rc = kb_file_read(pack->stub, KB_STUB_SPAN, stub, err);

	if (rc < 0)
		return kb_err_wrap(err, "host program");
	kb_buf_reserve(stub, KB_STUB_SPAN - stub->len);
	memset(stub->data + stub->len, 0, KB_STUB_SPAN - stub->len);
	stub->len = KB_STUB_SPAN;
	kb_digest_of(stub->data, stub->len, ret_digest);
	return 0;
}

static uint64_t chunks_size(const struct kb_manifest *m)
{
	uint64_t size = 0;

	for (size_t i = 0; i < m->n_chunks; i++)
		size += m->chunks[i].stored;
	return size;
}

/* Encode twice: the first time tells the manifest's length, which does not
 * depend on the total size written into it. */
static int sign_manifest(const struct kb_pack *pack, struct kb_manifest *m, struct kb_buf *bytes,
			 uint8_t header_bytes[KB_HEADER_LEN], struct kb_err *err)
{
	kb_autobuf struct kb_buf covered = KB_BUF_INIT;
	struct kb_header header = {.n_slots = 1};
	int rc;

	kb_manifest_write(m, bytes);
	m->total_size = (uint64_t)KB_STUB_SPAN + KB_HEADER_LEN + bytes->len + chunks_size(m);
	kb_buf_clear(bytes);
	kb_manifest_write(m, bytes);
	if (bytes->len > KB_MANIFEST_MAX)
		return kb_err_set(err, KB_E_INVALID, "the manifest has %zu bytes, at most %u",
				  bytes->len, KB_MANIFEST_MAX);
	if ((rc = kb_manifest_check(m, err)) < 0)
		return rc;
	kb_pae(KB_PURPOSE, bytes->data, bytes->len, &covered);
	kb_secret_key_public(pack->key, &header.slots[0].key);
	rc = kb_secret_key_sign(pack->key, covered.data, covered.len, header.slots[0].signature,
				err);
	header.manifest_len = (uint32_t)bytes->len;
	kb_header_write(&header, header_bytes);
	return rc;
}

/* Kept frames are compared with their digests on the way out: a store that
 * rotted must not become a signed bundle that nobody can install. */
static int copy_frames(struct layout *l, size_t blob, int out, uint8_t *buffer,
		       struct kb_err *err)
{
	const struct kb_frames *f = &l->frames[blob];
	uint64_t at = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < f->n_chunks; i++) {
		rc = kb_pread_full(f->fd, buffer, f->chunks[i].stored, at, err);
		if (rc == 0)
			rc = kb_chunk_check(&f->chunks[i], buffer, err);
		if (rc == 0)
			rc = kb_write_full(out, buffer, f->chunks[i].stored, err);
		at += f->chunks[i].stored;
	}
	if (rc == KB_E_DAMAGED) {
		kb_frames_drop(l->pack->store, &l->m->blobs[blob].digest, l->pack->level);
		return kb_err_set(err, KB_E_DAMAGED,
				  "the store's compressed copy of %s was damaged and is removed; "
				  "run the same command again",
				  kb_digest_hex(&l->m->blobs[blob].digest));
	}
	return rc;
}

static int write_file(struct layout *l, const struct kb_buf *stub, const struct kb_buf *manifest,
		      const uint8_t *header, int out, struct kb_err *err)
{
	kb_autofree uint8_t *buffer = kb_alloc(KB_CHUNK_STORED, 1);
	int rc;

	if ((rc = kb_write_full(out, stub->data, stub->len, err)) < 0 ||
	    (rc = kb_write_full(out, header, KB_HEADER_LEN, err)) < 0 ||
	    (rc = kb_write_full(out, manifest->data, manifest->len, err)) < 0 ||
	    (rc = kb_write_full(out, l->small.data, l->small.len, err)) < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < l->m->n_blobs; i++)
		if (l->m->blobs[i].size >= KB_BLOB_ALONE)
			rc = copy_frames(l, i, out, buffer, err);
	return rc;
}

static void set_storage(const struct kb_pack *pack, struct kb_manifest *m)
{
	free(m->builder);
	free(m->zstd);
	m->builder = kb_strdup("keybuzz-bundle " KB_VERSION);
	m->zstd = kb_strdup(kb_zstd_version());
	m->level = (uint8_t)pack->level;
	free(m->chunks);
	m->chunks = NULL;
	m->n_chunks = 0;
}

static int pack_into(struct layout *l, int out, struct kb_err *err)
{
	kb_autobuf struct kb_buf stub = KB_BUF_INIT;
	kb_autobuf struct kb_buf manifest = KB_BUF_INIT;
	uint8_t header[KB_HEADER_LEN];
	int rc;

	set_storage(l->pack, l->m);
	if ((rc = load_stub(l->pack, &stub, &l->m->stub, err)) < 0 ||
	    (rc = lay_small(l, err)) < 0 || (rc = lay_large(l, err)) < 0 ||
	    (rc = sign_manifest(l->pack, l->m, &manifest, header, err)) < 0)
		return rc;
	return write_file(l, &stub, &manifest, header, out, err);
}

int kb_pack_write(const struct kb_pack *pack, struct kb_manifest *m, const char *path,
		  struct kb_err *err)
{
	struct layout l = {.pack = pack, .m = m};
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	int rc;

	l.frames = kb_alloc(m->n_blobs, sizeof(*l.frames));
	for (size_t i = 0; i < m->n_blobs; i++)
		l.frames[i].fd = -1;
	rc = kb_newfile_open(&nf, path, 0755, err);
	if (rc == 0)
		rc = pack_into(&l, nf.fd, err);
	if (rc == 0)
		rc = kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
	for (size_t i = 0; i < m->n_blobs; i++)
		kb_frames_close(&l.frames[i]);
	free(l.frames);
	kb_buf_free(&l.small);
	return rc;
}
