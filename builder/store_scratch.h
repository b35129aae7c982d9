/* The folder of this process in store/tmp, see store.h: made when first
 * needed, locked while the process lives, removed with all it holds. */
#ifndef BUILDER_STORE_SCRATCH_H
#define BUILDER_STORE_SCRATCH_H

#include <pthread.h>
#include <stdint.h>

#include "core/err.h"

struct kb_scratch {
	pthread_mutex_t mutex;
	char *parent;     /* absolute: store/tmp */
	char *path;       /* ours in it; NULL until it is made */
	int fd;           /* of path; holds the lock */
	uint64_t counter; /* for names inside */
};

void kb_scratch_init(struct kb_scratch *s, const char *parent);
void kb_scratch_end(struct kb_scratch *s);

/* Make our folder when there is none; removes those of dead processes. */
int kb_scratch_need(struct kb_scratch *s, struct kb_err *err);

/* A number no other caller of this process gets. */
uint64_t kb_scratch_number(struct kb_scratch *s);

/* Remove PATH and what is below it, following no link. Errors are ignored:
 * what cannot be removed now is tried again by the next process. */
void kb_scratch_remove(const char *path);

#endif
