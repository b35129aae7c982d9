#include "builder/lock_resolve.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/apt.h"
#include "builder/archive.h"
#include "builder/oci_folder.h"
#include "builder/registry.h"
#include "builder/site_tree.h"

struct indices {
	char *suite;
	struct kb_apt *apt;
};

struct kb_lock_resolver {
	const struct kb_site *site;
	struct kb_store *store;
	struct indices *indices;
	size_t n, cap;
};

struct kb_lock_resolver *kb_lock_resolver_new(const struct kb_site *site, struct kb_store *store)
{
	struct kb_lock_resolver *r = kb_alloc(1, sizeof(*r));

	r->site = site;
	r->store = store;
	return r;
}

void kb_lock_resolver_free(struct kb_lock_resolver *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->indices[i].suite);
		kb_apt_close(r->indices[i].apt);
	}
	free(r->indices);
	free(r);
}

/* ---- debian ---- */

static int need_apt(struct kb_lock_resolver *r, const struct kb_image_source *source,
		    struct kb_apt **ret_apt, struct kb_err *err)
{
	const struct kb_apt_source from = {
		.suite = source->suite, .mirror = source->mirror, .arch = r->site->arch};
	int rc;

	for (size_t i = 0; i < r->n; i++) {
		*ret_apt = r->indices[i].apt;
		if (strcmp(r->indices[i].suite, source->suite) == 0)
			return 0;
	}
	rc = kb_apt_open(r->store, &from, ret_apt, err);
	if (rc < 0)
		return rc;
	r->indices = kb_grow(r->indices, r->n, &r->cap, sizeof(*r->indices));
	r->indices[r->n++] = (struct indices){kb_strdup(source->suite), *ret_apt};
	if (!*kb_apt_security(*ret_apt))
		fprintf(stderr,
			"warning: no security archive is known beside %s; %s is taken without "
			"one\n",
			source->mirror, source->suite);
	return 0;
}

/* Move what is not in BASE from FULL to RET; FULL is used up. */
static int subtract(struct kb_debs *full, const struct kb_debs *base, struct kb_debs *ret,
		    struct kb_err *err)
{
	size_t common = 0;

	for (size_t i = 0; i < full->n; i++) {
		const struct kb_deb *below = kb_debs_find(base, full->v[i].name);

		if (below && kb_digest_eq(&below->sha256, &full->v[i].sha256)) {
			common++;
			continue;
		}
		*kb_debs_add(ret) = full->v[i];
		memset(&full->v[i], 0, sizeof(full->v[i]));
	}
	if (common != base->n)
		return kb_err_set(err, KB_E_DEPENDENCY,
				  "apt-get changed the lower layer's packages");
	return 0;
}

/* The lower layer first, then everything on top of exactly that, so that
 * images of one base have the same lower layer. */
static int resolve_debian(struct kb_lock_resolver *r, const struct kb_image_source *source,
			  struct kb_lock_entry *e, struct kb_err *err)
{
	struct kb_debs full __attribute__((cleanup(kb_debs_free))) = {NULL, 0, 0};
	kb_autofree char **words = NULL;
	struct kb_apt *apt;
	size_t n = 0;
	int rc;

	e->suite = kb_strdup(source->suite);
	e->mirror = kb_strdup(source->mirror);
	if ((rc = need_apt(r, source, &apt, err)) < 0)
		return rc;
	e->security = kb_strdup(kb_apt_security(apt));
	if ((rc = kb_apt_closure(apt, source->base.v, source->base.n, &e->base, err)) < 0)
		return rc;
	words = kb_alloc(e->base.n + source->packages.n, sizeof(*words));
	for (; n < e->base.n; n++)
		words[n] = kb_format("%s=%s", e->base.v[n].name, e->base.v[n].version);
	for (size_t i = 0; i < source->packages.n; i++)
		words[n + i] = source->packages.v[i];
	rc = kb_apt_closure(apt, words, n + source->packages.n, &full, err);
	for (size_t i = 0; i < n; i++)
		free(words[i]);
	return rc < 0 ? rc : subtract(&full, &e->base, &e->packages, err);
}

/* ---- files ---- */

static int open_site(const struct kb_site *site, struct kb_err *err)
{
	int fd = open(site->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? kb_err_errno(err, KB_E_IO, "%s", site->dir) : fd;
}

static int take_image(const struct kb_oci_source *oci, const struct kb_lock_resolver *r,
		      const char *tag, struct kb_lock_entry *e, struct kb_err *err)
{
	kb_autoociimage struct kb_oci_image image = {0};
	int rc = kb_oci_find(oci, r->site->arch, tag, &image, err);

	if (rc < 0)
		return rc;
	e->has_index = image.has_index;
	e->has_manifest = image.has_manifest;
	e->index = image.index;
	e->manifest = image.manifest;
	e->config = image.config;
	return 0;
}

static int resolve_archive(const struct kb_lock_resolver *r, const struct kb_image_source *source,
			   struct kb_lock_entry *e, struct kb_err *err)
{
	kb_autoarchive struct kb_archive *archive = NULL;
	kb_autoclose int site = open_site(r->site, err), fd = -1;
	struct kb_oci_source oci;
	struct kb_digest wanted;
	int rc;

	if (site < 0)
		return site;
	fd = kb_site_tree_open(site, source->reference, err);
	if (fd < 0)
		return fd;
	rc = kb_digest_of_fd(fd, &e->file, NULL, err);
	if (rc < 0)
		return kb_err_wrap(err, "%s", source->reference);
	if (*source->sha256 &&
	    (!kb_digest_parse(source->sha256, &wanted) || !kb_digest_eq(&wanted, &e->file)))
		return kb_err_set(err, KB_E_DAMAGED, "%s has sha256 %s, images.yaml says %s",
				  source->reference, kb_digest_hex(&e->file), source->sha256);
	rc = kb_archive_open(fd, source->reference, &archive, err);
	if (rc < 0)
		return rc;
	kb_archive_source(archive, &oci);
	return take_image(&oci, r, source->tag, e, err);
}

static int resolve_oci(const struct kb_lock_resolver *r, const struct kb_image_source *source,
		       struct kb_lock_entry *e, struct kb_err *err)
{
	kb_autoocifolder struct kb_oci_folder folder = KB_OCI_FOLDER_INIT;
	kb_autoclose int site = open_site(r->site, err);
	struct kb_oci_source oci;
	int rc;

	if (site < 0)
		return site;
	rc = kb_oci_folder_open(&folder, site, source->reference, err);
	if (rc < 0)
		return rc;
	kb_oci_folder_source(&folder, "blobs/sha256/", &oci);
	return take_image(&oci, r, source->tag, e, err);
}

/* ---- all kinds ---- */

int kb_lock_resolve(struct kb_lock_resolver *r, const struct kb_image_source *source,
		    struct kb_lock_entry *ret_entry, struct kb_err *err)
{
	struct kb_lock_entry e = {.name = kb_strdup(source->name), .kind = source->kind};
	int rc = KB_E_INTERNAL;

	kb_lock_inputs(source, r->site->arch, &e.inputs);
	if (source->reference && source->kind != KB_SOURCE_DEBIAN)
		e.reference = kb_strdup(source->reference);
	switch (source->kind) {
	case KB_SOURCE_DEBIAN: rc = resolve_debian(r, source, &e, err); break;
	case KB_SOURCE_REGISTRY: rc = kb_registry_resolve(&e, r->site->arch, err); break;
	case KB_SOURCE_ARCHIVE: rc = resolve_archive(r, source, &e, err); break;
	case KB_SOURCE_OCI: rc = resolve_oci(r, source, &e, err); break;
	}
	if (rc < 0) {
		kb_lock_entry_free(&e);
		return kb_site_wrap(&source->pos, err, "image %s", source->name);
	}
	*ret_entry = e;
	return 0;
}
