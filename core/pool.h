/* Work done ahead on all cores, results taken in order.
 *
 * kb_pool_run calls WORK(i) for i = 0 .. n-1 on worker threads, each with one
 * of a fixed number of slots (so memory is constant), and EMIT(i) on the
 * calling thread strictly in order, with the slot that WORK(i) filled. The
 * first failure stops everything and is returned.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <stddef.h>

#include "core/err.h"

struct kb_pool_job {
	size_t n;
	unsigned workers; /* 0 = number of cores, at most KB_POOL_WORKERS_MAX */
	size_t slot_size; /* bytes of scratch per slot, zeroed at start */
	void *ctx;
	int (*work)(void *ctx, size_t i, void *slot, struct kb_err *err);
	/* may be NULL: nothing to take in order */
	int (*emit)(void *ctx, size_t i, void *slot, struct kb_err *err);
	void (*slot_free)(void *slot); /* may be NULL */
};

#define KB_POOL_WORKERS_MAX 4 /* bounds host memory: a slot holds two chunks */

int kb_pool_run(const struct kb_pool_job *job, struct kb_err *err);

unsigned kb_cores(void); /* usable by this process, affinity respected */

#endif
