/* What a lock holds, for those that make it (lock_resolve.c) and those that
 * act on it (fetch.c, debian.c, image.c). All text passed the checks of
 * lock_read.c or comes from lock_resolve.c.
 */
#ifndef BUILDER_LOCK_ENTRY_H
#define BUILDER_LOCK_ENTRY_H

#include "builder/lock.h"
#include "core/digest.h"
#include "core/mem.h"

#define KB_LOCK_DEBS_MAX 5000

/* A Debian package file. */
struct kb_deb {
	char *name, *version, *arch;
	struct kb_digest sha256;
	uint64_t size;
	bool security; /* below the security mirror */
	char *path;    /* below its mirror: "pool/main/.." */
};

struct kb_debs {
	struct kb_deb *v; /* sorted by name */
	size_t n, cap;
};

struct kb_lock_entry {
	char *name;
	enum kb_source_kind kind;
	struct kb_digest inputs; /* of what images.yaml said, see kb_lock_inputs */
	unsigned line;           /* in the file; 0 when just resolved */
	/* debian */
	char *suite, *mirror, *security; /* security is "" where a suite has none */
	struct kb_debs base, packages;   /* lower layer; what comes on top of it */
	/* registry: reference; archive and oci: path below the site */
	char *reference;
	bool has_index, has_manifest;
	struct kb_digest index;    /* of the index that was followed */
	struct kb_digest manifest; /* of the image's manifest */
	struct kb_digest file;     /* archive: of the file */
	struct kb_digest config;   /* the image's id; all but debian */
};

struct kb_lock {
	char *arch;
	struct kb_lock_entry *entries; /* sorted by name */
	size_t n, cap;
	struct kb_packages_lock *packages; /* packages_lock.h; NULL: the site has none */
	struct kb_pinned_lock *pinned;     /* pinned_lock.h; the same */
};

/* lock/images.yaml alone. */
int kb_lock_load_images(const struct kb_site *site, struct kb_lock **ret_lock, struct kb_err *err);

struct kb_lock *kb_lock_new(const char *arch);
/* NULL when there is none. */
const struct kb_lock_entry *kb_lock_find(const struct kb_lock *lock, const char *name);

void kb_lock_entry_free(struct kb_lock_entry *entry); /* what it points to */
void kb_lock_entry_copy(const struct kb_lock_entry *from, struct kb_lock_entry *ret_entry);
/* Put ENTRY in its place, taking over what it points to. */
void kb_lock_put(struct kb_lock *lock, struct kb_lock_entry *entry);

struct kb_deb *kb_debs_add(struct kb_debs *debs); /* zeroed */
void kb_debs_sort(struct kb_debs *debs);
void kb_debs_free(struct kb_debs *debs);
const struct kb_deb *kb_debs_find(const struct kb_debs *debs, const char *name);

/* The digest of everything in images.yaml and site.yaml that decides what
 * SOURCE resolves to. How the image is run (user, command, environment) is not
 * part of it: changing that needs no network. */
void kb_lock_inputs(const struct kb_image_source *source, const char *arch,
		    struct kb_digest *ret_inputs);

/* What the entry says, as the file writes it, without name and inputs. */
void kb_lock_entry_text(const struct kb_lock_entry *entry, struct kb_buf *buf);
/* One line for each package. */
void kb_debs_text(const struct kb_debs *debs, const char *indent, struct kb_buf *buf);

/* The whole file; the same lock gives the same bytes. */
void kb_lock_text(const struct kb_lock *lock, struct kb_buf *buf);
/* Write SITE/lock/images.yaml, whole or not at all. */
int kb_lock_save(const struct kb_lock *lock, const struct kb_site *site, struct kb_err *err);

#endif
