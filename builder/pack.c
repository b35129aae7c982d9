#include "builder/pack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/pack_layout.h"
#include "builder/written.h"
#include "core/file.h"
#include "core/format.h"
#include "core/header.h"

char *kb_pack_default_stub(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n < 0)
		return kb_strdup("keybuzz-run");
	path[n] = '\0';
	slash = strrchr(path, '/');
	return kb_format("%.*s/keybuzz-run", (int)(slash ? slash - path : 0), path);
}

struct output {
	const struct kb_pack *pack;
	struct kb_manifest *m;
	struct kb_layout layout;
	struct kb_buf stub, manifest;
	uint8_t header[KB_HEADER_LEN];
	struct kb_buf small;      /* stored bytes of the shared chunks */
	struct kb_frames *frames; /* per blob; fd -1 when small */
	int fd;                   /* the bundle.. */
	struct kb_sha256 *whole;  /* ..and the digest of what is in it so far */
};

static int keep_shared(void *ctx, const struct kb_chunk *chunk, const void *stored,
		       struct kb_err *err)
{
	struct output *out = ctx;

	(void)err;
	kb_buf_add(&out->small, stored, chunk->stored);
	return 0;
}

static int open_large(void *ctx, size_t i, struct kb_err *err)
{
	struct output *out = ctx;
	const struct kb_blob *blob = &out->m->blobs[i];
	int rc = kb_frames_open(out->pack->store, &blob->digest, blob->size, out->pack->level,
				&out->layout.of_blob, &out->frames[i], err);

	for (size_t j = 0; rc == 0 && j < out->frames[i].n_chunks; j++)
		kb_layout_add(&out->layout, &out->frames[i].chunks[j]);
	return rc;
}

static int sign_manifest(struct output *out, struct kb_err *err)
{
	const struct kb_secret_key *key = out->pack->key;
	kb_autobuf struct kb_buf covered = KB_BUF_INIT;
	struct kb_header header = {.manifest_len = (uint32_t)out->manifest.len, .n_slots = 1};
	int rc;

	kb_pae(KB_PURPOSE, out->manifest.data, out->manifest.len, &covered);
	kb_secret_key_public(key, &header.slots[0].key);
	rc = kb_secret_key_sign(key, covered.data, covered.len, header.slots[0].signature, err);
	kb_header_write(&header, out->header);
	return rc;
}

static int put(struct output *out, const void *data, size_t len, struct kb_err *err)
{
	kb_sha256_add(out->whole, data, len);
	return kb_write_full(out->fd, data, len, err);
}

/* Kept frames are compared with their digests on the way out: a store that
 * rotted must not become a signed bundle that nobody can install. */
static int copy_frames(struct output *out, size_t blob, uint8_t *buffer, struct kb_err *err)
{
	const struct kb_frames *f = &out->frames[blob];
	uint64_t at = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < f->n_chunks; i++) {
		rc = kb_pread_full(f->fd, buffer, f->chunks[i].stored, at, err);
		if (rc == 0)
			rc = kb_chunk_check(&f->chunks[i], buffer, err);
		if (rc == 0)
			rc = put(out, buffer, f->chunks[i].stored, err);
		at += f->chunks[i].stored;
	}
	if (rc == KB_E_DAMAGED) {
		kb_frames_drop(out->pack->store, &out->m->blobs[blob].digest, out->pack->level);
		return kb_err_set(err, KB_E_DAMAGED,
				  "the store's compressed copy of %s was damaged and is removed; "
				  "run the same command again",
				  kb_digest_hex(&out->m->blobs[blob].digest));
	}
	return rc;
}

static int write_parts(struct output *out, struct kb_err *err)
{
	kb_autofree uint8_t *buffer = kb_alloc(KB_CHUNK_STORED, 1);
	int rc;

	if ((rc = put(out, out->stub.data, out->stub.len, err)) < 0 ||
	    (rc = put(out, out->header, KB_HEADER_LEN, err)) < 0 ||
	    (rc = put(out, out->manifest.data, out->manifest.len, err)) < 0 ||
	    (rc = put(out, out->small.data, out->small.len, err)) < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < out->m->n_blobs; i++)
		if (out->m->blobs[i].size >= KB_BLOB_ALONE)
			rc = copy_frames(out, i, buffer, err);
	return rc;
}

static void set_storage(const struct kb_pack *pack, struct kb_manifest *m)
{
	free(m->builder);
	free(m->zstd);
	m->builder = kb_strdup(KB_PACK_BUILDER);
	m->zstd = kb_strdup(kb_zstd_version());
	m->level = (uint8_t)pack->level;
}

/* All that stands before the chunks. Nothing of a large blob is read for it once
 * its frames are made. */
static int make_head(struct output *out, struct kb_digest *ret_head, struct kb_err *err)
{
	struct kb_sha256 *sha;
	int rc;

	set_storage(out->pack, out->m);
	if ((rc = kb_layout_stub(out->pack->stub, &out->stub, &out->m->stub, err)) < 0 ||
	    (rc = kb_layout_run(&out->layout, err)) < 0 ||
	    (rc = kb_layout_finish(out->m, &out->manifest, err)) < 0 ||
	    (rc = sign_manifest(out, err)) < 0)
		return rc;
	sha = kb_sha256_new();
	kb_sha256_add(sha, out->header, KB_HEADER_LEN);
	kb_sha256_add(sha, out->manifest.data, out->manifest.len);
	kb_sha256_end(sha, ret_head);
	kb_sha256_free(sha);
	return 0;
}

static int write_file(struct output *out, const char *path, struct kb_written *written,
		      struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	kb_autoclose int fd = -1;
	int rc = kb_newfile_open(&nf, path, 0755, err);

	if (rc < 0)
		return rc;
	if ((fd = fcntl(nf.fd, F_DUPFD_CLOEXEC, 0)) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	out->fd = nf.fd;
	out->whole = kb_sha256_new();
	rc = write_parts(out, err);
	kb_sha256_end(out->whole, &written->whole);
	kb_sha256_free(out->whole);
	if (rc == 0)
		rc = kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
	if (rc == 0)
		rc = kb_written_keep(out->pack->store, out->pack->key, path, fd, written, err);
	return rc;
}

static int pack(struct output *out, const char *path, struct kb_err *err)
{
	struct kb_written now, before;
	struct kb_key signer;
	int rc = make_head(out, &now.head, err);

	if (rc < 0)
		return rc;
	kb_secret_key_public(out->pack->key, &signer);
	if (kb_written_find(out->pack->store, &signer, path, &before) &&
	    kb_digest_eq(&before.head, &now.head))
		return 0;
	return write_file(out, path, &now, err);
}

int kb_pack_write(const struct kb_pack *p, struct kb_manifest *m, const char *path,
		  struct kb_err *err)
{
	struct output out = {.pack = p,
			     .m = m,
			     .layout = {.store = p->store,
					.level = p->level,
					.m = m,
					.shared = keep_shared,
					.large = open_large,
					.progress = p->progress}};
	int rc;

	out.layout.ctx = &out;
	out.frames = kb_alloc(m->n_blobs, sizeof(*out.frames));
	for (size_t i = 0; i < m->n_blobs; i++)
		out.frames[i].fd = -1;
	rc = pack(&out, path, err);
	for (size_t i = 0; i < m->n_blobs; i++)
		kb_frames_close(&out.frames[i]);
	free(out.frames);
	kb_buf_free(&out.stub);
	kb_buf_free(&out.manifest);
	kb_buf_free(&out.small);
	return rc;
}
