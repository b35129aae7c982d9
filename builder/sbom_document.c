#include "builder/sbom_document.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "builder/sbom_elements.h"
#include "core/format.h"

struct kb_document *kb_document_new(void)
{
	return kb_alloc(1, sizeof(struct kb_document));
}

static void free_package(struct kb_spdx_package *p)
{
	char *texts[] = {p->id,      p->name, p->version, p->purpose, p->download, p->supplier,
			 p->licence, p->purl, p->source,  p->comment, p->file_name};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
}

void kb_document_free(struct kb_document *doc)
{
	for (size_t i = 0; i < doc->n_packages; i++)
		free_package(&doc->packages[i]);
	for (size_t i = 0; i < doc->n_files; i++) {
		free(doc->files[i].id);
		free(doc->files[i].path);
		free(doc->files[i].licence);
	}
	for (size_t i = 0; i < doc->n_relations; i++) {
		free(doc->relations[i].from);
		free(doc->relations[i].to);
	}
	free(doc->packages);
	free(doc->by_id);
	free(doc->files);
	free(doc->relations);
	free(doc);
}

/* ---- elements ---- */

/* Ids are of letters, digits, "." and "-". What was lost of the name, and
 * whatever else tells two elements apart, is in the digits of KEY's digest. */
static char *make_id(const char *kind, const char *name, const char *key)
{
	struct kb_buf id = KB_BUF_INIT;
	struct kb_digest digest;

	kb_digest_of(key, strlen(key), &digest);
	kb_buf_printf(&id, "SPDXRef-%s-", kind);
	for (; *name; name++)
		kb_buf_putc(&id, isalnum((unsigned char)*name) || *name == '.' ? *name : '-');
	kb_buf_printf(&id, "-%.16s", kb_digest_hex(&digest));
	return kb_buf_steal(&id);
}

static void relate(struct kb_document *doc, const char *from, const char *type, const char *to)
{
	doc->relations = kb_grow(doc->relations, doc->n_relations, &doc->cap_relations,
				 sizeof(*doc->relations));
	doc->relations[doc->n_relations++] =
		(struct kb_spdx_relation){kb_strdup(from), kb_strdup(to), type};
}

/* Where ID stands in by_id, or would. */
static size_t place_of(const struct kb_document *doc, const char *id, bool *ret_there)
{
	size_t low = 0, high = doc->n_packages;

	*ret_there = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(doc->packages[doc->by_id[middle]].id, id);

		if (order == 0) {
			*ret_there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The new package with that id, zeroed but for it; NULL when there is one.
 * ID is taken over. */
static struct kb_spdx_package *add_package(struct kb_document *doc, char *id)
{
	bool there;
	size_t at = place_of(doc, id, &there), n = doc->n_packages;

	if (there) {
		free(id);
		return NULL;
	}
	doc->packages = kb_grow(doc->packages, n, &doc->cap_packages, sizeof(*doc->packages));
	doc->by_id = kb_grow(doc->by_id, n, &doc->cap_by_id, sizeof(*doc->by_id));
	memmove(doc->by_id + at + 1, doc->by_id + at, (n - at) * sizeof(*doc->by_id));
	doc->by_id[at] = n;
	doc->n_packages++;
	memset(&doc->packages[n], 0, sizeof(doc->packages[n]));
	doc->packages[n].id = id;
	return &doc->packages[n];
}

void kb_document_file(struct kb_document *doc, const char *path, const struct kb_digest *sha256,
		      const char *licence, const void *bytes, size_t len)
{
	struct kb_spdx_file *file;

	doc->files = kb_grow(doc->files, doc->n_files, &doc->cap_files, sizeof(*doc->files));
	file = &doc->files[doc->n_files++];
	file->id = make_id("File", path, path);
	file->path = kb_strdup(path);
	file->licence = licence ? kb_strdup(licence) : NULL;
	file->sha256 = *sha256;
	kb_stock_sha1(bytes, len, file->sha1);
	relate(doc, KB_DOCUMENT_BUNDLE, "CONTAINS", file->id);
}

static int by_sha1(const void *a, const void *b)
{
	return memcmp(((const struct kb_spdx_file *)a)->sha1,
		      ((const struct kb_spdx_file *)b)->sha1, KB_SHA1_LEN);
}

/* SPDX 2.3, 7.9: the SHA-1 of the files' SHA-1s in hex, sorted, put together. */
static void verification_code(const struct kb_document *doc, uint8_t ret_code[KB_SHA1_LEN])
{
	kb_autofree struct kb_spdx_file *files = kb_alloc(doc->n_files, sizeof(*files));
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	kb_buf_puts(&text, "");
	memcpy(files, doc->files, doc->n_files * sizeof(*files));
	qsort(files, doc->n_files, sizeof(*files), by_sha1);
	for (size_t i = 0; i < doc->n_files; i++) {
		char hex[2 * KB_SHA1_LEN + 1];

		kb_hex(files[i].sha1, KB_SHA1_LEN, hex);
		kb_buf_puts(&text, hex);
	}
	kb_stock_sha1(text.data, text.len, ret_code);
}

void kb_document_bundle(struct kb_document *doc, const struct kb_manifest *m)
{
	struct kb_spdx_package *p = add_package(doc, kb_strdup(KB_DOCUMENT_BUNDLE));

	assert(p); /* there is one bundle */
	p->name = kb_format("%s-%s", m->product, m->role);
	p->version = kb_strdup(m->version);
	p->purpose = kb_strdup("INSTALL");
	p->file_name = kb_format("%s-%s.run", m->product, m->role);
	p->comment = kb_format("content id sha256:%s", kb_digest_hex(&m->content_id));
	p->has_files = doc->n_files > 0;
	verification_code(doc, p->verification);
	relate(doc, "SPDXRef-DOCUMENT", "DESCRIBES", KB_DOCUMENT_BUNDLE);
	p = add_package(doc, kb_strdup(KB_DOCUMENT_STUB));
	assert(p);
	p->name = kb_strdup("keybuzz-run");
	p->version = kb_strdup(KB_VERSION);
	p->purpose = kb_strdup("APPLICATION");
	p->licence = kb_strdup("Apache-2.0");
	p->has_digest = true;
	p->digest = m->stub;
	p->comment =
		kb_format("the first %u bytes of the bundle: the program and zeros", KB_STUB_SPAN);
	relate(doc, KB_DOCUMENT_BUNDLE, "CONTAINS", KB_DOCUMENT_STUB);
}

char *kb_document_image(struct kb_document *doc, const struct kb_manifest *m,
			const struct kb_image *image, const char *purl)
{
	const struct kb_digest *config = &m->blobs[image->config].digest;
	char *id = kb_format("SPDXRef-Image-%s", image->name);
	struct kb_spdx_package *p = add_package(doc, kb_strdup(id));
	struct kb_buf comment = KB_BUF_INIT;

	assert(p); /* images have different names */
	p->name = kb_strdup(image->reference);
	p->version = kb_format("sha256:%s", kb_digest_hex(config));
	p->purpose = kb_strdup("CONTAINER");
	p->source = kb_strdup(image->origin);
	p->purl = purl ? kb_strdup(purl) : NULL;
	p->has_digest = true;
	p->digest = *config;
	kb_buf_puts(&comment, "the checksum is the image id; layers, lowest first:");
	for (size_t i = 0; i < image->n_layers; i++)
		kb_buf_printf(&comment, " sha256:%s",
			      kb_digest_hex(&m->blobs[image->layers[i]].digest));
	p->comment = kb_buf_steal(&comment);
	relate(doc, KB_DOCUMENT_BUNDLE, "CONTAINS", id);
	return id;
}

static char *supplier_of(const struct kb_component *c)
{
	static const struct {
		const char *vendor, *name;
	} vendors[] = {{"debian", "Debian"}, {"ubuntu", "Ubuntu"}, {"alpine", "Alpine Linux"}};

	for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++)
		if (strcmp(c->vendor, vendors[i].vendor) == 0)
			return kb_format("Organization: %s", vendors[i].name);
	return NULL;
}

static char *add_component(struct kb_document *doc, const struct kb_component *c)
{
	kb_autofree char *purl = kb_component_purl(c);
	kb_autofree char *key =
		kb_format("%s %s", purl, c->has_digest ? kb_digest_hex(&c->digest) : "");
	char *id = make_id(c->type, c->name, key);
	struct kb_spdx_package *p = add_package(doc, kb_strdup(id));

	if (!p)
		return id;
	p->name = kb_strdup(c->name);
	p->version = kb_strdup(c->version);
	p->supplier = supplier_of(c);
	p->licence = c->licence ? kb_strdup(c->licence) : NULL;
	p->download = c->download ? kb_strdup(c->download) : NULL;
	p->has_digest = c->has_digest;
	p->digest = c->digest;
	p->purl = kb_steal(purl);
	return id;
}

void kb_document_contents(struct kb_document *doc, const char *owner, const char *relation,
			  const struct kb_components *list)
{
	for (size_t i = 0; i < list->n; i++) {
		kb_autofree char *id = add_component(doc, &list->v[i]);

		relate(doc, owner, relation, id);
	}
}
