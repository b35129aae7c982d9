#include "builder/sbom.h"

#include <string.h>

#include "builder/lock_entry.h"
#include "builder/pinned_lock.h"
#include "builder/provenance_libraries.h"
#include "builder/sbom_deb.h"
#include "builder/sbom_document.h"
#include "core/file.h"

/* ---- what the images hold ---- */

static void add_locked(const struct kb_lock_entry *entry, const struct kb_debs *debs,
		       const struct kb_sbom_root *root, const char *distro,
		       struct kb_components *list)
{
	for (size_t i = 0; i < debs->n; i++) {
		const struct kb_deb *deb = &debs->v[i];
		const char *licence = kb_sbom_root_licence(root, deb->name);
		struct kb_component *c = kb_components_add(list, "deb", "debian", distro, deb->name,
							   deb->version, deb->arch);

		c->licence = licence ? kb_strdup(licence) : NULL;
		c->has_digest = true;
		c->digest = deb->sha256;
		c->download = kb_format("%s/%s", deb->security ? entry->security : entry->mirror,
					deb->path);
	}
}

static int read_image(const struct kb_manifest *m, const struct kb_image *image,
		      const struct kb_lock *lock, struct kb_store *store,
		      struct kb_components *list, struct kb_err *err)
{
	const struct kb_lock_entry *entry = kb_lock_find(lock, image->name);
	kb_autofree struct kb_digest *layers = kb_alloc(image->n_layers, sizeof(*layers));
	kb_autofree char *distro = NULL;
	kb_autoroot struct kb_sbom_root root = {0};
	int rc;

	for (size_t i = 0; i < image->n_layers; i++)
		layers[i] = m->blobs[image->layers[i]].digest;
	rc = kb_sbom_root_read(store, layers, image->n_layers, &root, err);
	if (rc < 0)
		return kb_err_wrap(err, "SBOM of image %s", image->name);
	if (!entry || entry->kind != KB_SOURCE_DEBIAN) {
		kb_components_of_root(&root, list);
		return 0;
	}
	distro = root.os_version ? kb_format("debian-%s", root.os_version)
				 : kb_format("debian-%s", entry->suite);
	add_locked(entry, &entry->base, &root, distro, list);
	add_locked(entry, &entry->packages, &root, distro, list);
	return 0;
}

/* The package URL of an image that a registry has: the part of the reference
 * behind the last slash, the manifest's digest, and where. */
static char *image_purl(const struct kb_lock_entry *entry)
{
	const char *reference, *slash;
	size_t len;

	if (!entry || entry->kind != KB_SOURCE_REGISTRY || !entry->has_manifest)
		return NULL;
	reference = entry->reference;
	slash = strrchr(reference, '/');
	slash = slash ? slash + 1 : reference;
	len = strcspn(slash, ":@");
	return kb_format("pkg:oci/%.*s@sha256%%3A%s?repository_url=%.*s", (int)len, slash,
			 kb_digest_hex(&entry->manifest), (int)(slash + len - reference),
			 reference);
}

/* ---- packages of the bundle itself ---- */

static int read_packages(const struct kb_manifest *m, struct kb_store *store,
			 struct kb_components *list, struct kb_err *err)
{
	for (size_t i = 0; i < m->n_packages; i++) {
		const struct kb_package *package = &m->packages[i];
		size_t vendor = strcspn(package->release, "-");
		kb_autofree char *id = kb_strndup(package->release, vendor);
		struct kb_component *c =
			kb_components_add(list, "deb", id, package->release, package->name,
					  package->version, package->arch);
		int rc;

		c->has_digest = true;
		c->digest = m->blobs[package->blob].digest;
		rc = kb_sbom_deb_licence(store, &c->digest, package->name, &c->licence, err);
		if (rc < 0)
			return kb_err_wrap(err, "SBOM of package %s", package->name);
	}
	return 0;
}

static void add_libraries(struct kb_document *doc)
{
	const struct kb_library *libraries;
	size_t n = kb_libraries(&libraries);
	struct kb_components list = {0};

	for (size_t i = 0; i < n; i++)
		if (libraries[i].linked)
			kb_components_add(&list, "deb", "debian", "debian", libraries[i].name,
					  libraries[i].version, libraries[i].arch);
	kb_document_contents(doc, KB_DOCUMENT_STUB, "STATIC_LINK", &list);
	kb_components_free(&list);
}

static const char *licence_of(const struct kb_lock *lock, const char *path)
{
	size_t len = strlen(KB_PINNED_FOLDER);
	const struct kb_pinned_entry *entry =
		lock && strncmp(path, KB_PINNED_FOLDER, len) == 0
			? kb_pinned_lock_find(lock->pinned, path + len)
			: NULL;

	return entry ? entry->licence : NULL;
}

static int add_files(struct kb_document *doc, const struct kb_manifest *m,
		     const struct kb_lock *lock, struct kb_store *store, struct kb_err *err)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;

	for (size_t i = 0; i < m->n_files; i++) {
		const struct kb_blob *blob = &m->blobs[m->files[i].blob];
		int rc;

		kb_buf_clear(&bytes);
		kb_buf_puts(&bytes, "");
		rc = kb_store_get(store, &blob->digest, KB_PINNED_MAX, &bytes, err);
		if (rc < 0)
			return kb_err_wrap(err, "SBOM of file %s", m->files[i].path);
		kb_document_file(doc, m->files[i].path, &blob->digest,
				 licence_of(lock, m->files[i].path), bytes.data, bytes.len);
	}
	return 0;
}

static int fill(struct kb_document *doc, const struct kb_manifest *m, const struct kb_lock *lock,
		struct kb_store *store, struct kb_err *err)
{
	struct kb_components list = {0};
	int rc = add_files(doc, m, lock, store, err);

	kb_document_bundle(doc, m);
	add_libraries(doc);
	for (size_t i = 0; rc == 0 && i < m->n_images; i++) {
		const struct kb_image *image = &m->images[i];
		kb_autofree char *purl = image_purl(kb_lock_find(lock, image->name));
		kb_autofree char *id = kb_document_image(doc, m, image, purl);

		rc = read_image(m, image, lock, store, &list, err);
		kb_document_contents(doc, id, "CONTAINS", &list);
		kb_components_free(&list);
	}
	if (rc == 0) {
		rc = read_packages(m, store, &list, err);
		kb_document_contents(doc, KB_DOCUMENT_BUNDLE, "CONTAINS", &list);
		kb_components_free(&list);
	}
	return rc;
}

int kb_sbom_text(const struct kb_manifest *m, const struct kb_lock *lock, struct kb_store *store,
		 struct kb_buf *out, struct kb_err *err)
{
	struct kb_document *doc = kb_document_new();
	int rc = fill(doc, m, lock, store, err);

	if (rc == 0)
		kb_document_write(doc, m, out);
	kb_document_free(doc);
	return rc;
}

int kb_sbom_write(const struct kb_manifest *m, const struct kb_lock *lock, struct kb_store *store,
		  const char *dir, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	kb_autofree char *folder = kb_format("%s/" KB_SBOM_FOLDER, dir);
	kb_autofree char *path = kb_format("%s/%s.spdx.json", folder, m->role);
	int rc;

	if ((rc = kb_sbom_text(m, lock, store, &text, err)) < 0 ||
	    (rc = kb_mkdirs(folder, 0755, err)) < 0)
		return rc;
	return kb_file_replace(path, text.data, text.len, 0644, err);
}
