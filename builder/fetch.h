/* Fill the store with exactly what the lock pins, and make the images it
 * describes. What is there already is digested again and kept; what is missing
 * or damaged is fetched. Cut off at any moment, the same call continues. When
 * nothing is missing, nothing is asked of the network.
 */
#ifndef BUILDER_FETCH_H
#define BUILDER_FETCH_H

#include "builder/lock_entry.h"
#include "builder/store.h"
#include "core/progress.h"

struct kb_fetch {
	const struct kb_site *site;
	const struct kb_lock *lock;
	struct kb_store *store;
	const struct kb_progress *progress;       /* may be NULL */
	void (*say)(void *ctx, const char *text); /* a line for people; may be NULL */
	void *ctx;
	/* counted on the way */
	size_t n_packages, n_downloaded, n_images, n_made, n_files;
	uint64_t bytes_downloaded;
};

int kb_fetch_all(struct kb_fetch *f, struct kb_err *err);

void kb_fetch_say(const struct kb_fetch *f, const char *fmt, ...) KB_PRINTF(2, 3);

/* The packages of all debian images and of all releases (fetch_debs.c). */
int kb_fetch_debs(struct kb_fetch *f, struct kb_err *err);

#endif
