#include "builder/sbom_document.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "builder/sbom_licence.h"
#include "builder/sums_stock.h"
#include "core/format.h"
#include "core/json.h"

/* Texts are owned; NULL where the element has none. */
struct package {
	char *id, *name, *version, *purpose, *download, *supplier, *licence, *purl, *source,
		*comment, *file_name;
	bool has_digest, has_files;
	struct kb_digest digest;
	uint8_t verification[KB_SHA1_LEN];
};

struct file {
	char *id, *path;
	struct kb_digest sha256;
	uint8_t sha1[KB_SHA1_LEN];
};

struct relation {
	char *from, *to;
	const char *type;
};

struct kb_document {
	struct package *packages;
	size_t n_packages, cap_packages;
	size_t *by_id; /* of packages, sorted */
	size_t cap_by_id;
	struct file *files;
	size_t n_files, cap_files;
	struct relation *relations;
	size_t n_relations, cap_relations;
};

struct kb_document *kb_document_new(void)
{
	return kb_alloc(1, sizeof(struct kb_document));
}

static void free_package(struct package *p)
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
		(struct relation){kb_strdup(from), kb_strdup(to), type};
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
static struct package *add_package(struct kb_document *doc, char *id)
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
		      const void *bytes, size_t len)
{
	struct file *file;

	doc->files = kb_grow(doc->files, doc->n_files, &doc->cap_files, sizeof(*doc->files));
	file = &doc->files[doc->n_files++];
	file->id = make_id("File", path, path);
	file->path = kb_strdup(path);
	file->sha256 = *sha256;
	kb_stock_sha1(bytes, len, file->sha1);
	relate(doc, KB_DOCUMENT_BUNDLE, "CONTAINS", file->id);
}

static int by_sha1(const void *a, const void *b)
{
	return memcmp(((const struct file *)a)->sha1, ((const struct file *)b)->sha1, KB_SHA1_LEN);
}

/* SPDX 2.3, 7.9: the SHA-1 of the files' SHA-1s in hex, sorted, put together. */
static void verification_code(const struct kb_document *doc, uint8_t ret_code[KB_SHA1_LEN])
{
	kb_autofree struct file *files = kb_alloc(doc->n_files, sizeof(*files));
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
	struct package *p = add_package(doc, kb_strdup(KB_DOCUMENT_BUNDLE));

	p->name = kb_format("%s-%s", m->product, m->role);
	p->version = kb_strdup(m->version);
	p->purpose = kb_strdup("INSTALL");
	p->file_name = kb_format("%s-%s.run", m->product, m->role);
	p->comment = kb_format("content id sha256:%s", kb_digest_hex(&m->content_id));
	p->has_files = doc->n_files > 0;
	verification_code(doc, p->verification);
	relate(doc, "SPDXRef-DOCUMENT", "DESCRIBES", KB_DOCUMENT_BUNDLE);
	p = add_package(doc, kb_strdup(KB_DOCUMENT_STUB));
	p->name = kb_strdup("keybuzz-run");
	p->version = kb_strdup(KB_VERSION);
	p->purpose = kb_strdup("APPLICATION");
	p->licence = kb_strdup("Apache-2.0");
	p->has_digest = true;
	p->digest = m->stub;
	p->comment = kb_format("the first %u bytes of the bundle: the program and zeros",
			       KB_STUB_SPAN);
	relate(doc, KB_DOCUMENT_BUNDLE, "CONTAINS", KB_DOCUMENT_STUB);
}

char *kb_document_image(struct kb_document *doc, const struct kb_manifest *m,
			const struct kb_image *image, const char *purl)
{
	const struct kb_digest *config = &m->blobs[image->config].digest;
	char *id = kb_format("SPDXRef-Image-%s", image->name);
	struct package *p = add_package(doc, kb_strdup(id));
	struct kb_buf comment = KB_BUF_INIT;

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
	kb_autofree char *key = kb_format("%s %s", purl,
					  c->has_digest ? kb_digest_hex(&c->digest) : "");
	char *id = make_id(c->type, c->name, key);
	struct package *p = add_package(doc, kb_strdup(id));

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

/* ---- JSON ---- */

static void or_noassertion(struct kb_json *j, const char *key, const char *text)
{
	kb_json_key_text(j, key, text ? text : "NOASSERTION");
}

static void if_any(struct kb_json *j, const char *key, const char *text)
{
	if (text)
		kb_json_key_text(j, key, text);
}

static void checksum(struct kb_json *j, const char *algorithm, const uint8_t *bytes, size_t len)
{
	char hex[2 * KB_DIGEST_LEN + 1];

	kb_hex(bytes, len, hex);
	kb_json_object(j);
	kb_json_key_text(j, "algorithm", algorithm);
	kb_json_key_text(j, "checksumValue", hex);
	kb_json_object_end(j);
}

static void write_purl(struct kb_json *j, const char *purl)
{
	if (!purl)
		return;
	kb_json_key(j, "externalRefs");
	kb_json_array(j);
	kb_json_object(j);
	kb_json_key_text(j, "referenceCategory", "PACKAGE-MANAGER");
	kb_json_key_text(j, "referenceType", "purl");
	kb_json_key_text(j, "referenceLocator", purl);
	kb_json_object_end(j);
	kb_json_array_end(j);
}

static void write_verification(struct kb_json *j, const struct package *p)
{
	char hex[2 * KB_SHA1_LEN + 1];

	if (!p->has_files)
		return;
	kb_hex(p->verification, KB_SHA1_LEN, hex);
	kb_json_key(j, "packageVerificationCode");
	kb_json_object(j);
	kb_json_key_text(j, "packageVerificationCodeValue", hex);
	kb_json_object_end(j);
}

static void write_package(struct kb_json *j, const struct package *p)
{
	kb_json_object(j);
	kb_json_key_text(j, "SPDXID", p->id);
	kb_json_key_text(j, "name", p->name);
	if_any(j, "versionInfo", p->version);
	if_any(j, "packageFileName", p->file_name);
	if_any(j, "primaryPackagePurpose", p->purpose);
	or_noassertion(j, "supplier", p->supplier);
	or_noassertion(j, "downloadLocation", p->download);
	kb_json_key_bool(j, "filesAnalyzed", p->has_files);
	write_verification(j, p);
	if (p->has_digest) {
		kb_json_key(j, "checksums");
		kb_json_array(j);
		checksum(j, "SHA256", p->digest.b, KB_DIGEST_LEN);
		kb_json_array_end(j);
	}
	or_noassertion(j, "licenseConcluded", NULL);
	or_noassertion(j, "licenseDeclared", p->licence);
	or_noassertion(j, "copyrightText", NULL);
	if_any(j, "sourceInfo", p->source);
	if_any(j, "comment", p->comment);
	write_purl(j, p->purl);
	kb_json_object_end(j);
}

static void write_file(struct kb_json *j, const struct file *file)
{
	kb_autofree char *name = kb_format("./%s", file->path);

	kb_json_object(j);
	kb_json_key_text(j, "SPDXID", file->id);
	kb_json_key_text(j, "fileName", name);
	kb_json_key(j, "checksums");
	kb_json_array(j);
	checksum(j, "SHA1", file->sha1, KB_SHA1_LEN);
	checksum(j, "SHA256", file->sha256.b, KB_DIGEST_LEN);
	kb_json_array_end(j);
	or_noassertion(j, "licenseConcluded", NULL);
	kb_json_key(j, "licenseInfoInFiles");
	kb_json_array(j);
	kb_json_text(j, "NOASSERTION");
	kb_json_array_end(j);
	or_noassertion(j, "copyrightText", NULL);
	kb_json_object_end(j);
}

static void write_creation(struct kb_json *j, const struct kb_manifest *m)
{
	time_t seconds = (time_t)m->not_before;
	char created[32] = "1970-01-01T00:00:00Z";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%SZ", &tm);
	kb_json_key(j, "creationInfo");
	kb_json_object(j);
	kb_json_key_text(j, "created", created);
	kb_json_key(j, "creators");
	kb_json_array(j);
	kb_json_text(j, "Tool: keybuzz-bundle-" KB_VERSION);
	kb_json_array_end(j);
	kb_json_key_text(j, "comment",
			 "created is the release's not-before, or 1970: a rebuild gives the same "
			 "bytes. Packages in images are those that dpkg and apk know; other package "
			 "managers were not read.");
	kb_json_object_end(j);
}

/* The names that expressions use and SPDX does not know, sorted, each once. */
struct references {
	char **v;
	size_t n, cap;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void gather_references(const char *expression, struct references *refs)
{
	const char *p = expression;

	while (p && (p = strstr(p, KB_LICENCE_REF))) {
		size_t len = strcspn(p, " ()");

		refs->v = kb_grow(refs->v, refs->n, &refs->cap, sizeof(*refs->v));
		refs->v[refs->n++] = kb_strndup(p, len);
		p += len;
	}
}

static void write_references(const struct kb_document *doc, struct kb_json *j)
{
	struct references refs = {0};

	for (size_t i = 0; i < doc->n_packages; i++)
		gather_references(doc->packages[i].licence, &refs);
	if (!refs.n)
		return;
	qsort(refs.v, refs.n, sizeof(*refs.v), by_text);
	kb_json_key(j, "hasExtractedLicensingInfos");
	kb_json_array(j);
	for (size_t i = 0; i < refs.n; i++) {
		if (i && strcmp(refs.v[i], refs.v[i - 1]) == 0)
			continue;
		kb_json_object(j);
		kb_json_key_text(j, "licenseId", refs.v[i]);
		kb_json_key_text(j, "name", refs.v[i] + strlen(KB_LICENCE_REF));
		kb_json_key_text(j, "extractedText",
				 "The text is in the packages that refer to it, under this name: "
				 "usr/share/doc/PACKAGE/copyright on Debian.");
		kb_json_object_end(j);
	}
	kb_json_array_end(j);
	for (size_t i = 0; i < refs.n; i++)
		free(refs.v[i]);
	free(refs.v);
}

static void write_relations(const struct kb_document *doc, struct kb_json *j)
{
	kb_json_key(j, "relationships");
	kb_json_array(j);
	for (size_t i = 0; i < doc->n_relations; i++) {
		kb_json_object(j);
		kb_json_key_text(j, "spdxElementId", doc->relations[i].from);
		kb_json_key_text(j, "relationshipType", doc->relations[i].type);
		kb_json_key_text(j, "relatedSpdxElement", doc->relations[i].to);
		kb_json_object_end(j);
	}
	kb_json_array_end(j);
}

/* One name for one document: the content, and the program that carries it. */
static char *name_space(const struct kb_manifest *m)
{
	return kb_format("https://spdx.org/spdxdocs/%s-%s-%s-%.16s", m->product, m->role,
			 kb_digest_hex(&m->content_id), kb_digest_hex(&m->stub));
}

void kb_document_write(const struct kb_document *doc, const struct kb_manifest *m,
		       struct kb_buf *out)
{
	kb_autofree char *name = kb_format("%s-%s-%s", m->product, m->role, m->version);
	kb_autofree char *space = name_space(m);
	struct kb_json j;

	kb_json_init(&j, out);
	kb_json_object(&j);
	kb_json_key_text(&j, "spdxVersion", "SPDX-2.3");
	kb_json_key_text(&j, "dataLicense", "CC0-1.0");
	kb_json_key_text(&j, "SPDXID", "SPDXRef-DOCUMENT");
	kb_json_key_text(&j, "name", name);
	kb_json_key_text(&j, "documentNamespace", space);
	write_creation(&j, m);
	kb_json_key(&j, "packages");
	kb_json_array(&j);
	for (size_t i = 0; i < doc->n_packages; i++)
		write_package(&j, &doc->packages[i]);
	kb_json_array_end(&j);
	kb_json_key(&j, "files");
	kb_json_array(&j);
	for (size_t i = 0; i < doc->n_files; i++)
		write_file(&j, &doc->files[i]);
	kb_json_array_end(&j);
	write_references(doc, &j);
	write_relations(doc, &j);
	kb_json_object_end(&j);
	kb_json_finish(&j);
	kb_buf_putc(out, '\n');
}
