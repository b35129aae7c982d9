/* What packages.yaml resolved to, in manifests/lock/packages.yaml: for each
 * release the package files that its groups need on a minimal installation,
 * and which of them belong to which group. A release is resolved as a whole,
 * from the indices of one moment, so that no two groups carry one package in
 * two versions.
 */
#ifndef BUILDER_PACKAGES_LOCK_H
#define BUILDER_PACKAGES_LOCK_H

#include "builder/lock_entry.h"
#include "builder/packages.h"
#include "builder/store.h"

#define KB_PACKAGES_LOCK_FILE "lock/packages.yaml"

struct kb_locked_group {
	char *name;
	struct kb_strings members; /* sorted names of packages */
};

/* The release's name, inputs, suite, mirrors and package files are those of
 * an entry like an image's: whoever fetches need not tell them apart. */
struct kb_locked_release {
	struct kb_lock_entry entry;
	struct kb_locked_group *groups; /* sorted by name */
	size_t n_groups;
};

struct kb_packages_lock {
	char *arch;
	struct kb_locked_release *releases; /* sorted by name */
	size_t n;
};

/* As kb_lock_load. */
int kb_packages_lock_load(const struct kb_site *site, struct kb_packages_lock **ret_lock,
			  struct kb_err *err);
struct kb_packages_lock *kb_packages_lock_new(const char *arch);
void kb_packages_lock_free(struct kb_packages_lock *lock); /* NULL is fine */

#define kb_autopackageslock __attribute__((cleanup(kb_packages_lock_cleanup)))
void kb_packages_lock_cleanup(struct kb_packages_lock **lock);

/* NULL when there is none. */
const struct kb_locked_release *kb_packages_lock_find(const struct kb_packages_lock *lock,
						      const char *release);
/* Append, in order of the names, taking over what RELEASE points to. */
void kb_packages_lock_put(struct kb_packages_lock *lock, struct kb_locked_release *release);
void kb_locked_release_free(struct kb_locked_release *release); /* what it points to */
void kb_locked_release_copy(const struct kb_locked_release *from,
			    struct kb_locked_release *ret_release);

/* The digest of all that decides what the release of that index resolves to. */
void kb_packages_inputs(const struct kb_packages *packages, size_t release, const char *arch,
			struct kb_digest *ret_inputs);

/* Stale entries go to DIAG at the release's place in packages.yaml. */
void kb_packages_lock_compare(const struct kb_packages_lock *lock, const struct kb_site *site,
			      struct kb_diag *diag);

/* What the file says of a release, without name and inputs; and all of it. */
void kb_locked_release_text(const struct kb_locked_release *release, struct kb_buf *buf);
void kb_packages_lock_text(const struct kb_packages_lock *lock, struct kb_buf *buf);
int kb_packages_lock_save(const struct kb_packages_lock *lock, const struct kb_site *site,
			  struct kb_err *err);

/* Ask the release's signed indices (packages_resolve.c). */
int kb_packages_resolve(const struct kb_site *site, size_t release, struct kb_store *store,
			struct kb_locked_release *ret_release, struct kb_err *err);

#endif
