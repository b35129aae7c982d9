#include "builder/fetch.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/archive.h"
#include "builder/debian.h"
#include "builder/image_record.h"
#include "builder/oci_folder.h"
#include "builder/pinned_lock.h"
#include "builder/registry.h"
#include "builder/run.h"
#include "builder/site_tree.h"

void kb_fetch_say(const struct kb_fetch *f, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!f->say)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->say(f->ctx, text);
}

/* ---- what is there ---- */

/* Digest all that the record names; KB_E_DAMAGED or KB_E_MISSING: make it again. */
static int check_content(struct kb_fetch *f, const struct kb_image_content *c, const char *name,
			 struct kb_err *err)
{
	kb_autofree char *what = kb_format("check %s", name);
	uint64_t all = 1, done = 0, size;
	int rc = kb_store_check(f->store, &c->config, err);

	for (size_t i = 0; i < c->n_layers; i++)
		all += c->sizes[i];
	for (size_t i = 0; i < c->n_layers && rc == 0; i++) {
		rc = kb_store_check(f->store, &c->layers[i], err);
		if (rc == 0 && kb_store_has(f->store, &c->layers[i], &size) && size != c->sizes[i])
			rc = kb_err_set(err, KB_E_DAMAGED, "layer sha256:%s has another size",
					kb_digest_hex(&c->layers[i]));
		done += c->sizes[i];
		kb_progress_step(f->progress, what, done + (i + 1 == c->n_layers), all);
		if (rc == 0)
			rc = kb_run_check(err);
	}
	return rc;
}

/* ---- what is not ---- */

static int check_found(const struct kb_lock_entry *entry, const struct kb_oci_image *image,
		       struct kb_err *err)
{
	if (!kb_digest_eq(&image->config, &entry->config))
		return kb_err_set(err, KB_E_DAMAGED,
				  "%s holds image %s, locked is %s; run: keybuzz-bundle lock "
				  "--update %s",
				  entry->reference, kb_digest_hex(&image->config),
				  kb_digest_hex(&entry->config), entry->name);
	return 0;
}

static int import(struct kb_fetch *f, const struct kb_lock_entry *entry,
		  const struct kb_oci_source *oci, struct kb_oci_image *image, const char *origin,
		  struct kb_image_content *content, struct kb_err *err)
{
	int rc = check_found(entry, image, err);

	return rc < 0 ? rc : kb_oci_import(oci, image, origin, f->store, content, err);
}

static int open_site(const struct kb_fetch *f, struct kb_err *err)
{
	int fd = open(f->site->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? kb_err_errno(err, KB_E_IO, "%s", f->site->dir) : fd;
}

static int fetch_archive(struct kb_fetch *f, const struct kb_image_source *source,
			 const struct kb_lock_entry *entry, struct kb_image_content *content,
			 struct kb_err *err)
{
	kb_autofree char *origin =
		kb_format("archive %s sha256:%s", entry->reference, kb_digest_hex(&entry->file));
	kb_autoociimage struct kb_oci_image image = {0};
	kb_autoarchive struct kb_archive *archive = NULL;
	kb_autoclose int site = open_site(f, err), fd = -1;
	struct kb_oci_source oci;
	struct kb_digest got;
	int rc;

	if (site < 0)
		return site;
	fd = kb_site_tree_open(site, entry->reference, err);
	if (fd < 0)
		return fd;
	if ((rc = kb_digest_of_fd(fd, &got, NULL, err)) < 0)
		return kb_err_wrap(err, "%s", entry->reference);
	if (!kb_digest_eq(&got, &entry->file))
		return kb_err_set(err, KB_E_DAMAGED,
				  "%s has sha256 %s, locked is %s; run: keybuzz-bundle lock "
				  "--update %s",
				  entry->reference, kb_digest_hex(&got),
				  kb_digest_hex(&entry->file), entry->name);
	if ((rc = kb_archive_open(fd, entry->reference, &archive, err)) < 0)
		return rc;
	kb_archive_source(archive, &oci);
	if ((rc = kb_oci_find(&oci, f->lock->arch, source->tag, &image, err)) < 0)
		return rc;
	return import(f, entry, &oci, &image, origin, content, err);
}

static int fetch_oci(struct kb_fetch *f, const struct kb_image_source *source,
		     const struct kb_lock_entry *entry, struct kb_image_content *content,
		     struct kb_err *err)
{
	kb_autofree char *origin =
		kb_format("oci %s manifest sha256:%s", entry->reference,
			  entry->has_manifest ? kb_digest_hex(&entry->manifest) : "");
	kb_autoocifolder struct kb_oci_folder folder = KB_OCI_FOLDER_INIT;
	kb_autoociimage struct kb_oci_image image = {0};
	kb_autoclose int site = open_site(f, err);
	struct kb_oci_source oci;
	int rc;

	if (site < 0)
		return site;
	if ((rc = kb_oci_folder_open(&folder, site, entry->reference, err)) < 0)
		return rc;
	kb_oci_folder_source(&folder, "blobs/sha256/", &oci);
	if ((rc = kb_oci_find(&oci, f->lock->arch, source->tag, &image, err)) < 0)
		return rc;
	return import(f, entry, &oci, &image, origin, content, err);
}

static int fetch_registry(struct kb_fetch *f, const struct kb_lock_entry *entry,
			  struct kb_image_content *content, struct kb_err *err)
{
	kb_autofree char *origin = kb_format("registry %s manifest sha256:%s", entry->reference,
					     kb_digest_hex(&entry->manifest));
	kb_autoocifolder struct kb_oci_folder folder = KB_OCI_FOLDER_INIT;
	kb_autoociimage struct kb_oci_image image = {0};
	kb_autoscratch char *scratch = NULL;
	kb_autofree char *dir = NULL;
	struct kb_oci_source oci;
	int rc;

	if ((rc = kb_store_scratch(f->store, &scratch, err)) < 0)
		return rc;
	dir = kb_format("%s/image", scratch);
	if ((rc = kb_registry_copy(entry, dir, f->progress, err)) < 0 ||
	    (rc = kb_oci_folder_open(&folder, AT_FDCWD, dir, err)) < 0)
		return rc;
	kb_oci_folder_source(&folder, "", &oci);
	oci.name = entry->reference;
	if ((rc = kb_oci_find_manifest(&oci, f->lock->arch, &entry->manifest, &image, err)) < 0)
		return rc;
	return import(f, entry, &oci, &image, origin, content, err);
}

static int make(struct kb_fetch *f, const struct kb_image_source *source,
		const struct kb_lock_entry *entry, struct kb_image_content *content,
		struct kb_err *err)
{
	switch (entry->kind) {
	case KB_SOURCE_DEBIAN:
		kb_fetch_say(f, "%s: installing %zu packages", entry->name,
			     entry->base.n + entry->packages.n);
		return kb_debian_build(entry, source, f->lock->arch, f->store, content, err);
	case KB_SOURCE_REGISTRY: return fetch_registry(f, entry, content, err);
	case KB_SOURCE_ARCHIVE: return fetch_archive(f, source, entry, content, err);
	case KB_SOURCE_OCI: return fetch_oci(f, source, entry, content, err);
	}
	return kb_err_set(err, KB_E_INTERNAL, "image %s: kind %d", entry->name, entry->kind);
}

static int fetch_image(struct kb_fetch *f, const struct kb_image_source *source, struct kb_err *err)
{
	const struct kb_lock_entry *entry = kb_lock_find(f->lock, source->name);
	struct kb_image_content content = {0};
	struct kb_digest key;
	struct kb_err why;
	int rc;

	if (!entry)
		return kb_err_set(err, KB_E_MISSING, "not locked; run: keybuzz-bundle lock");
	kb_image_record_key(entry, source, f->lock->arch, &key);
	rc = kb_image_record_get(f->store, &key, &content, &why);
	if (rc == 0)
		rc = check_content(f, &content, source->name, &why);
	if (rc == KB_E_DAMAGED)
		kb_fetch_say(f, "%s: %s: made again", source->name, why.text);
	kb_image_content_free(&content);
	f->n_images++;
	if (rc == 0)
		return 0;
	if (rc != KB_E_MISSING && rc != KB_E_DAMAGED) {
		if (err)
			*err = why;
		return rc;
	}
	rc = make(f, source, entry, &content, err);
	if (rc == 0) {
		f->n_made++;
		rc = kb_image_record_put(f->store, &key, &content, err);
	}
	kb_image_content_free(&content);
	return rc;
}

int kb_fetch_all(struct kb_fetch *f, struct kb_err *err)
{
	int rc = kb_fetch_debs(f, err);

	if (rc == 0)
		rc = kb_fetch_pinned(f, err);
	for (size_t i = 0; i < f->site->n_images && rc == 0; i++) {
		rc = fetch_image(f, &f->site->images[i], err);
		if (rc < 0)
			return kb_err_wrap(err, "image %s", f->site->images[i].name);
	}
	return rc;
}
