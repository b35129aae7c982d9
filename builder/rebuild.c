#include "builder/rebuild.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/pack_layout.h"
#include "builder/run.h"
#include "core/file.h"
#include "core/format.h"

struct check {
	const struct kb_rebuild *r;
	struct kb_bundle *bundle;
	const struct kb_manifest *x; /* the bundle's */
	struct kb_layout layout;
	int fd;      /* the bundle's file.. */
	uint64_t at; /* ..and where its next chunk begins */
	size_t blob; /* the large one at work */
	uint8_t *buffer;
};

int kb_rebuild_manifest(const struct kb_bundle *bundle, struct kb_manifest **ret_m,
			struct kb_err *err)
{
	const uint8_t *bytes;
	size_t len;

	kb_bundle_signed_part(bundle, &bytes, &len);
	return kb_manifest_read(bytes + KB_HEADER_LEN, len - KB_HEADER_LEN, ret_m, err);
}

/* ---- names for messages ---- */

static char *image_part(const struct kb_manifest *m, size_t blob)
{
	for (size_t i = 0; i < m->n_images; i++) {
		const struct kb_image *image = &m->images[i];

		if (image->config == blob)
			return kb_format("the config of image %s", image->name);
		for (size_t k = 0; k < image->n_layers; k++)
			if (image->layers[k] == blob)
				return kb_format("layer %zu of image %s", k + 1, image->name);
	}
	return NULL;
}

static char *blob_name(const struct kb_manifest *m, size_t blob)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (m->files[i].blob == blob)
			return kb_format("file %s", m->files[i].path);
	for (size_t i = 0; i < m->n_packages; i++)
		if (m->packages[i].blob == blob)
			return kb_format("package %s of %s", m->packages[i].name,
					 m->packages[i].release);
	return image_part(m, blob);
}

static bool is_payload(const struct kb_manifest *m, size_t blob)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (m->files[i].blob == blob)
			return true;
	return false;
}

/* The first blob that lies in the chunk, and how many more do. */
static char *sharers(const struct kb_manifest *m, size_t chunk)
{
	kb_autofree char *name = NULL;
	size_t first = 0, n = 0;

	for (size_t i = 0; i < m->n_blobs; i++)
		if (m->blobs[i].size && m->blobs[i].size < KB_BLOB_ALONE &&
		    m->blobs[i].chunk == chunk) {
			first = n ? first : i;
			n++;
		}
	name = blob_name(m, first);
	return n < 2 ? kb_steal(name) : kb_format("%s and %zu more", name, n - 1);
}

static int differs(struct check *c, const char *text, struct kb_err *err)
{
	return kb_err_set(err, KB_E_DAMAGED, "%s differs from its rebuild: %s",
			  kb_bundle_name(c->bundle), text);
}

static int chunk_differs(struct check *c, char *owner, const char *how, struct kb_err *err)
{
	kb_autofree char *name = owner;
	kb_autofree char *text = kb_format("chunk %zu of %zu (%s): %s", c->layout.m->n_chunks + 1,
					   c->x->n_chunks, name, how);

	return differs(c, text, err);
}

/* ---- what the store must have ---- */

static int check_present(struct check *c, struct kb_err *err)
{
	const struct kb_manifest *m = c->layout.m;
	kb_autofree char *name = NULL;
	size_t first = 0, missing = 0;

	for (size_t i = 0; i < m->n_blobs; i++)
		if (!kb_store_has(c->r->store, &m->blobs[i].digest, NULL)) {
			first = missing ? first : i;
			missing++;
		}
	if (!missing)
		return 0;
	name = blob_name(m, first);
	return kb_err_set(err, KB_E_MISSING, "%s (sha256:%s) is not in the store %s%s%s; %s", name,
			  kb_digest_hex(&m->blobs[first].digest), kb_store_dir(c->r->store),
			  missing > 1 ? ", and others" : "", missing > 1 ? " are missing too" : "",
			  is_payload(m, first)
				  ? "it comes from the site: add --from-site, or run build"
				  : "run: keybuzz-bundle fetch");
}

/* ---- chunks ---- */

/* Chunk N of the rebuild is CHUNK with the bytes STORED: is it the bundle's? */
static int compare_chunk(struct check *c, char *(*owner)(struct check *), const void *stored,
			 const struct kb_chunk *chunk, struct kb_err *err)
{
	size_t n = c->layout.m->n_chunks;
	const struct kb_chunk *of_x;
	int rc = kb_run_check(err);

	if (rc < 0)
		return rc;
	if (n >= c->x->n_chunks)
		return chunk_differs(c, owner(c), "the bundle has no more", err);
	of_x = &c->x->chunks[n];
	if (chunk->plain != of_x->plain)
		return chunk_differs(c, owner(c), "it holds another number of bytes", err);
	if (chunk->stored != of_x->stored || !kb_digest_eq(&chunk->digest, &of_x->digest))
		return chunk_differs(c, owner(c), "it was compressed to other bytes", err);
	rc = kb_pread_full(c->fd, c->buffer, chunk->stored, c->at, err);
	if (rc < 0)
		return rc;
	if (memcmp(c->buffer, stored, chunk->stored) != 0)
		return chunk_differs(c, owner(c), "its bytes in the file are damaged", err);
	c->at += chunk->stored;
	return 0;
}

static char *owner_of_shared(struct check *c)
{
	return sharers(c->layout.m, c->layout.m->n_chunks);
}

static char *owner_of_large(struct check *c)
{
	return blob_name(c->layout.m, c->blob);
}

static int take_shared(void *ctx, const struct kb_chunk *chunk, const void *stored,
		       struct kb_err *err)
{
	return compare_chunk(ctx, owner_of_shared, stored, chunk, err);
}

static int take_large(void *ctx, const struct kb_chunk *chunk, const void *stored,
		      struct kb_err *err)
{
	struct check *c = ctx;
	int rc = compare_chunk(c, owner_of_large, stored, chunk, err);

	if (rc == 0)
		kb_layout_add(&c->layout, chunk);
	return rc;
}

static int compress_large(void *ctx, size_t i, struct kb_err *err)
{
	struct check *c = ctx;
	const struct kb_blob *blob = &c->layout.m->blobs[i];
	kb_autoclose int fd = -1;
	int rc;

	c->blob = i;
	if ((rc = kb_store_check(c->r->store, &blob->digest, err)) < 0 ||
	    (rc = kb_store_read(c->r->store, &blob->digest, &fd, NULL, err)) < 0)
		return rc;
	return kb_frames_make(fd, blob->size, c->layout.level, &c->layout.of_blob, take_large, c,
			      err);
}

/* ---- the other regions ---- */

static int compare_region(struct check *c, uint64_t at, const void *bytes, size_t len,
			  const char *name, struct kb_err *err)
{
	kb_autofree uint8_t *there = kb_alloc(len, 1);
	int rc = kb_pread_full(c->fd, there, len, at, err);

	if (rc == 0 && memcmp(there, bytes, len) != 0)
		rc = differs(c, name, err);
	return rc;
}

static int compare_stub(struct check *c, struct kb_err *err)
{
	kb_autobuf struct kb_buf stub = KB_BUF_INIT;
	kb_autofree char *text = NULL;
	int rc = kb_layout_stub(c->r->stub, &stub, &c->layout.m->stub, err);

	if (rc < 0)
		return rc;
	if (kb_digest_eq(&c->layout.m->stub, &c->x->stub))
		return compare_region(c, 0, stub.data, stub.len,
				      "the host program's bytes in the file are damaged", err);
	text = kb_format("the host program: %s, padded, is sha256:%s, the bundle's is sha256:%s",
			 c->r->stub, kb_digest_hex(&c->layout.m->stub), kb_digest_hex(&c->x->stub));
	return differs(c, text, err);
}

/* Who says of himself that he built it is taken over, so that a later version
 * of the builder can prove what an earlier one made. */
static void take_over(struct check *c)
{
	struct kb_manifest *m = c->layout.m;

	free(m->builder);
	free(m->zstd);
	m->builder = kb_strdup(c->x->builder);
	m->zstd = kb_strdup(kb_zstd_version());
	m->level = c->x->level;
}

static int compare_manifest(struct check *c, struct kb_err *err)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	kb_autofree char *text = NULL;
	const uint8_t *of_x;
	size_t len, at = 0;
	int rc = kb_layout_finish(c->layout.m, &bytes, err);

	if (rc < 0)
		return rc;
	if (c->layout.m->n_chunks != c->x->n_chunks)
		return differs(c, "it has more chunks than its content fills", err);
	kb_bundle_signed_part(c->bundle, &of_x, &len);
	of_x += KB_HEADER_LEN;
	len -= KB_HEADER_LEN;
	while (at < len && at < bytes.len && of_x[at] == (uint8_t)bytes.data[at])
		at++;
	if (at == len && at == bytes.len)
		return compare_region(c, (uint64_t)KB_STUB_SPAN + KB_HEADER_LEN, of_x, len,
				      "the manifest's bytes in the file are damaged", err);
	text = kb_format("the manifest, at its byte %zu", at);
	return differs(c, text, err);
}

/* ---- another zstd ---- */

struct digesting {
	struct kb_sha256 *sha;
	const struct kb_progress *progress;
	uint64_t done, total;
};

static int digest_data(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	struct digesting *d = ctx;

	kb_sha256_add(d->sha, data, len);
	d->done += len;
	if (kb_progress_step(d->progress, "compare content", d->done, d->total) != 0)
		return kb_err_set(err, KB_E_INTERRUPTED, "stopped; nothing was changed");
	return kb_run_check(err);
}

/* A blob as the bundle holds it, decompressed, and as the store does. */
static int compare_blob(struct check *c, size_t i, struct digesting *d, struct kb_err *err)
{
	const struct kb_blob *blob = &c->x->blobs[i];
	kb_autofree char *name = NULL, *text = NULL;
	struct kb_digest seen;
	int rc = kb_store_check(c->r->store, &blob->digest, err);

	if (rc == 0)
		rc = kb_bundle_stream(c->bundle, (uint32_t)i, digest_data, d, err);
	kb_sha256_end(d->sha, &seen);
	if (rc < 0 || kb_digest_eq(&seen, &blob->digest))
		return rc;
	name = blob_name(c->x, i);
	text = kb_format("%s: decompressed it is not what the manifest says", name);
	return differs(c, text, err);
}

static int compare_content(struct check *c, struct kb_err *err)
{
	struct digesting d = {.sha = kb_sha256_new(), .progress = c->r->progress};
	int rc = 0;

	for (size_t i = 0; i < c->x->n_blobs; i++)
		d.total += c->x->blobs[i].size;
	for (size_t i = 0; rc == 0 && i < c->x->n_blobs; i++)
		rc = compare_blob(c, i, &d, err);
	kb_sha256_free(d.sha);
	return rc;
}

static int compare_bytes(struct check *c, struct kb_err *err)
{
	const uint8_t *part;
	size_t len;
	int rc;

	kb_bundle_signed_part(c->bundle, &part, &len);
	c->at = (uint64_t)KB_STUB_SPAN + len;
	take_over(c);
	if ((rc = compare_stub(c, err)) < 0 || (rc = kb_layout_run(&c->layout, err)) < 0)
		return rc;
	return compare_manifest(c, err);
}

int kb_rebuild_check(const struct kb_rebuild *r, struct kb_bundle *bundle, struct kb_manifest *m,
		     enum kb_rebuild_result *ret_result, struct kb_err *err)
{
	kb_autofree uint8_t *buffer = kb_alloc(KB_CHUNK_STORED, 1);
	kb_autoclose int fd = open(kb_bundle_name(bundle), O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct check c = {.r = r,
			  .bundle = bundle,
			  .x = kb_bundle_manifest(bundle),
			  .fd = fd,
			  .buffer = buffer};
	bool same_zstd = strcmp(c.x->zstd, kb_zstd_version()) == 0;
	int rc;

	if (fd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", kb_bundle_name(bundle));
	c.layout = (struct kb_layout){.store = r->store,
				      .level = c.x->level,
				      .m = m,
				      .shared = take_shared,
				      .large = compress_large,
				      .progress = r->progress,
				      .ctx = &c};
	rc = check_present(&c, err);
	if (rc == 0)
		rc = same_zstd ? compare_bytes(&c, err) : compare_content(&c, err);
	if (rc == 0)
		*ret_result = same_zstd ? KB_REBUILD_IDENTICAL : KB_REBUILD_SAME_CONTENT;
	return rc;
}
