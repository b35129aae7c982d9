#include "core/manifest_check.h"

#include <stdlib.h>
#include <string.h>

#include "core/format.h"
#include "core/name.h"

static int bad(struct kb_err *err, const char *what, const char *name)
{
	return kb_err_set(err, KB_E_INVALID, "manifest: %s: %s", name, what);
}

static int check_release(const struct kb_manifest *m, struct kb_err *err)
{
	const char *ids[] = {m->product, m->role, m->channel};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (kb_name_check_id(ids[i], err) < 0)
			return kb_err_wrap(err, "manifest");
	if (!*m->version || !*m->arch)
		return bad(err, "version or architecture is missing", m->role);
	if (m->not_after && m->not_after < m->not_before)
		return bad(err, "ends before it begins", m->role);
	if (*m->engine && strcmp(m->engine, "docker") != 0)
		return bad(err, "unknown container engine", m->engine);
	for (size_t i = 0; i < m->n_ports; i++)
		if (m->ports[i] == 0 || (i && m->ports[i] <= m->ports[i - 1]))
			return bad(err, "ports are not sorted", m->role);
	return 0;
}

static int check_credentials(const struct kb_manifest *m, struct kb_err *err)
{
	for (size_t i = 0; i < m->n_credentials; i++) {
		const struct kb_credential *c = &m->credentials[i];

		if (kb_credential_check(c, err) < 0)
			return kb_err_wrap(err, "manifest");
		if (i && kb_credential_compare(c - 1, c) >= 0)
			return bad(err, "credentials are not sorted", c->variable);
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct kb_blob *x = *(const struct kb_blob *const *)a;
	const struct kb_blob *y = *(const struct kb_blob *const *)b;

	if (x->chunk != y->chunk)
		return x->chunk < y->chunk ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->size < y->size ? -1 : x->size > y->size; /* empty ones first */
}

/* Move (chunk, offset) forward by SIZE plain bytes; false past the end. */
static bool advance(const struct kb_manifest *m, size_t *chunk, uint64_t *offset, uint64_t size)
{
	*offset += size;
	while (*chunk < m->n_chunks && *offset >= m->chunks[*chunk].plain)
		*offset -= m->chunks[(*chunk)++].plain;
	return *chunk < m->n_chunks || *offset == 0;
}

/* The blobs tile the plain bytes: no gap where something could hide, no
 * overlap, no place beyond the end. An empty blob stands at chunk 0, byte 0. */
static int check_tiling(const struct kb_manifest *m, struct kb_err *err)
{
	kb_autofree const struct kb_blob **order = kb_alloc(m->n_blobs, sizeof(*order));
	uint64_t offset = 0;
	size_t chunk = 0, n = 0;

	for (size_t i = 0; i < m->n_blobs; i++) {
		const struct kb_blob *blob = &m->blobs[i];

		if (i && kb_digest_cmp(&m->blobs[i - 1].digest, &blob->digest) >= 0)
			return bad(err, "blobs are not sorted", kb_digest_hex(&blob->digest));
		if (blob->size == 0 && (blob->chunk || blob->offset))
			return bad(err, "an empty blob has a place", kb_digest_hex(&blob->digest));
		if (blob->size)
			order[n++] = blob;
	}
	if (n)
		qsort(order, n, sizeof(*order), by_place);
	for (size_t i = 0; i < n; i++) {
		if (order[i]->chunk != chunk || order[i]->offset != offset ||
		    order[i]->size > UINT64_MAX / 2 || !advance(m, &chunk, &offset, order[i]->size))
			return bad(err, "does not follow its neighbour",
				   kb_digest_hex(&order[i]->digest));
	}
	if (chunk != m->n_chunks)
		return bad(err, "bytes that belong to no blob", "chunks");
	return 0;
}

static int check_chunks(const struct kb_manifest *m, struct kb_err *err)
{
	uint64_t total = (uint64_t)KB_STUB_SPAN + KB_HEADER_LEN;

	for (size_t i = 0; i < m->n_chunks; i++) {
		const struct kb_chunk *chunk = &m->chunks[i];

		if (chunk->plain == 0 || chunk->plain > KB_CHUNK_PLAIN || chunk->stored == 0 ||
		    chunk->stored > KB_CHUNK_STORED)
			return kb_err_set(err, KB_E_INVALID,
					  "manifest: chunk %zu: %u bytes stored, %u plain", i,
					  chunk->stored, chunk->plain);
		total += chunk->stored;
	}
	/* the manifest's own length is the one part it cannot name: what is
	 * left must be a possible one, and the reader compares the file's size */
	if (m->total_size < total || m->total_size - total > KB_MANIFEST_MAX)
		return bad(err, "does not match the chunks", "total size");
	return 0;
}

static int check_files(const struct kb_manifest *m, struct kb_err *err)
{
	kb_autofree struct kb_name_entry *entries = kb_alloc(m->n_files, sizeof(*entries));

	for (size_t i = 0; i < m->n_files; i++) {
		const struct kb_file *file = &m->files[i];

		if (kb_name_check_relative(file->path, err) < 0)
			return kb_err_wrap(err, "manifest: file");
		if (i && strcmp(m->files[i - 1].path, file->path) >= 0)
			return bad(err, "files are not sorted", file->path);
		if (file->mode != 0644 && file->mode != 0755)
			return kb_err_set(err, KB_E_PATH, "manifest: %s: mode %04o", file->path,
					  file->mode);
		if (file->blob >= m->n_blobs)
			return bad(err, "its blob does not exist", file->path);
		entries[i].path = file->path;
	}
	if (kb_name_conflict(entries, m->n_files, err) < 0)
		return kb_err_wrap(err, "manifest");
	return 0;
}

static int check_images(const struct kb_manifest *m, struct kb_err *err)
{
	for (size_t i = 0; i < m->n_images; i++) {
		const struct kb_image *image = &m->images[i];

		if (kb_name_check_id(image->name, err) < 0)
			return kb_err_wrap(err, "manifest: image");
		if (i && strcmp(m->images[i - 1].name, image->name) >= 0)
			return bad(err, "images are not sorted", image->name);
		if (!*image->reference || image->n_layers == 0 || image->config >= m->n_blobs ||
		    m->blobs[image->config].size > KB_MANIFEST_MAX)
			return bad(err, "an image needs a name, a config and layers", image->name);
		for (size_t j = 0; j < image->n_layers; j++)
			if (image->layers[j] >= m->n_blobs)
				return bad(err, "its layer does not exist", image->name);
	}
	return 0;
}

/* They become names of files and words of command lines. */
static bool is_word(const char *text, const char *others)
{
	if (!((*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9')) ||
	    strlen(text) > 200)
		return false;
	for (; *text; text++)
		if (!(*text >= 'a' && *text <= 'z') && !(*text >= '0' && *text <= '9') &&
		    !strchr(others, *text))
			return false;
	return true;
}

static int check_packages(const struct kb_manifest *m, struct kb_err *err)
{
	for (size_t i = 0; i < m->n_packages; i++) {
		const struct kb_package *p = &m->packages[i], *before = i ? p - 1 : NULL;
		int order = before ? strcmp(before->release, p->release) : -1;

		if (order > 0 || (before && order == 0 && strcmp(before->name, p->name) >= 0))
			return bad(err, "packages are not sorted", p->name);
		if (p->blob >= m->n_blobs || !*p->name || !*p->version)
			return bad(err, "a package needs a name, a version and a blob", p->name);
		if (!is_word(p->release, "-.") || !is_word(p->name, "+-.") ||
		    !is_word(p->arch, "-") ||
		    !is_word(p->version, "ABCDEFGHIJKLMNOPQRSTUVWXYZ+-.:~"))
			return bad(err, "not the words of a package", p->name);
	}
	return 0;
}

int kb_manifest_check(const struct kb_manifest *m, struct kb_err *err)
{
	int rc;

	if ((rc = check_release(m, err)) < 0 || (rc = check_credentials(m, err)) < 0 ||
	    (rc = check_chunks(m, err)) < 0 || (rc = check_tiling(m, err)) < 0 ||
	    (rc = check_files(m, err)) < 0 || (rc = check_images(m, err)) < 0 ||
	    (rc = check_packages(m, err)) < 0)
		return rc;
	return kb_manifest_check_steps(m, err);
}
