#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "builder/sbom_document.h"
#include "builder/sbom_elements.h"
#include "builder/sbom_licence.h"
#include "core/json.h"

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

static void write_verification(struct kb_json *j, const struct kb_spdx_package *p)
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

static void write_package(struct kb_json *j, const struct kb_spdx_package *p)
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

static void write_file(struct kb_json *j, const struct kb_spdx_file *file)
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
	or_noassertion(j, "licenseConcluded", file->licence);
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
	kb_json_key_text(
		j, "comment",
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
