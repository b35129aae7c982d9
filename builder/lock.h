/* The lock: what names resolved to, in manifests/lock/images.yaml. Written by
 * `lock`, read by `fetch` and `build`. Sorted, reviewable, and carrying a
 * digest of its inputs per image, so that a changed manifest with an old lock
 * refuses to build and names the image that changed. What is in it: see
 * lock_entry.h. What packages.yaml resolved to stands beside it, in
 * lock/packages.yaml (packages_lock.h), and is loaded and compared with it.
 */
#ifndef BUILDER_LOCK_H
#define BUILDER_LOCK_H

#include "builder/site.h"

#define KB_LOCK_FILE "lock/images.yaml"

struct kb_lock;

/* KB_E_MISSING when there is none (run lock), KB_E_INVALID when malformed or
 * hand-edited out of order, with the first place in ERR. */
int kb_lock_load(const struct kb_site *site, struct kb_lock **ret_lock, struct kb_err *err);
void kb_lock_free(struct kb_lock *lock); /* NULL is fine */

#define kb_autolock __attribute__((cleanup(kb_lock_cleanup)))
void kb_lock_cleanup(struct kb_lock **lock);

/* Compare with the site: every stale entry is added to DIAG at the position of
 * the image in images.yaml; KB_E_INVALID when there is one. */
int kb_lock_compare(const struct kb_lock *lock, const struct kb_site *site, struct kb_diag *diag,
		    struct kb_err *err);

#endif
