/* What files.yaml resolved to, in lock/files.yaml: a digest for each. And what
 * is done with it: resolve (pinned_resolve.c), fetch (pinned_fetch.c).
 */
#ifndef BUILDER_PINNED_LOCK_H
#define BUILDER_PINNED_LOCK_H

#include "builder/fetch.h"
#include "builder/pinned.h"

#define KB_PINNED_LOCK_FILE "lock/files.yaml"

struct kb_pinned_entry {
	char *name;
	struct kb_digest inputs; /* of what files.yaml said */
	struct kb_digest sha256;
	char *licence;
	unsigned line;
};

struct kb_pinned_lock {
	struct kb_pinned_entry *v; /* sorted by name */
	size_t n;
};

/* As kb_lock_load. */
int kb_pinned_lock_load(const struct kb_site *site, struct kb_pinned_lock **ret_lock,
			struct kb_err *err);
void kb_pinned_lock_free(struct kb_pinned_lock *lock); /* NULL is fine */

#define kb_autopinnedlock __attribute__((cleanup(kb_pinned_lock_cleanup)))
void kb_pinned_lock_cleanup(struct kb_pinned_lock **lock);

/* NULL when there is none. LOCK may be NULL. */
const struct kb_pinned_entry *kb_pinned_lock_find(const struct kb_pinned_lock *lock,
						  const char *name);
/* Append, in order of the names. */
void kb_pinned_lock_put(struct kb_pinned_lock *lock, const char *name, const char *licence,
			const struct kb_digest *inputs, const struct kb_digest *sha256);
void kb_pinned_inputs(const struct kb_pinned *file, struct kb_digest *ret_inputs);
/* Stale entries go to DIAG at their place in files.yaml. */
void kb_pinned_lock_compare(const struct kb_pinned_lock *lock, const struct kb_site *site,
			    struct kb_diag *diag);
void kb_pinned_lock_text(const struct kb_pinned_lock *lock, struct kb_buf *buf);
int kb_pinned_lock_save(const struct kb_pinned_lock *lock, const struct kb_site *site,
			struct kb_err *err);

/* The digest of FILE now; with a URL that has none it is downloaded, and is in
 * the store from then on. */
int kb_pinned_resolve(const struct kb_site *site, const struct kb_pinned *file,
		      struct kb_store *store, struct kb_digest *ret_sha256, struct kb_err *err);

/* All of the lock, into the store; as kb_fetch_debs. */
int kb_fetch_pinned(struct kb_fetch *f, struct kb_err *err);

#endif
