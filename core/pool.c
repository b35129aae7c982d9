#include "core/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/mem.h"

/* Slots are a ring: item i uses slot i % n_slots. A worker takes item i only
 * when item i - n_slots was emitted. */
struct pool {
	const struct kb_pool_job *job;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t n_slots;
	char *slots;
	bool *ready;    /* per slot: filled, not yet emitted */
	size_t next;    /* item the next worker takes */
	size_t emitted; /* items emitted */
	bool stop;
	int rc;
	struct kb_err err;
};

static void *slot_of(const struct pool *p, size_t i)
{
	return p->slots + i % p->n_slots * p->job->slot_size;
}

static void fail(struct pool *p, int rc, const struct kb_err *err)
{
	if (p->rc == 0) {
		p->rc = rc;
		p->err = *err;
	}
	p->stop = true;
	pthread_cond_broadcast(&p->changed);
}

/* Lock held. True when an item was taken. */
static bool take(struct pool *p, size_t *ret_i)
{
	while (!p->stop && p->next < p->job->n && p->next >= p->emitted + p->n_slots)
		pthread_cond_wait(&p->changed, &p->lock);
	if (p->stop || p->next >= p->job->n)
		return false;
	*ret_i = p->next++;
	return true;
}

static void *worker(void *arg)
{
	struct pool *p = arg;
	size_t i;

	pthread_mutex_lock(&p->lock);
	while (take(p, &i)) {
		struct kb_err err = {.code = 0};
		int rc;

		pthread_mutex_unlock(&p->lock);
		rc = p->job->work(p->job->ctx, i, slot_of(p, i), &err);
		pthread_mutex_lock(&p->lock);
		if (rc != 0)
			fail(p, rc, &err);
		p->ready[i % p->n_slots] = true;
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void emit_all(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->job->n; i++) {
		struct kb_err err = {.code = 0};
		int rc = 0;

		while (!p->stop && !p->ready[i % p->n_slots])
			pthread_cond_wait(&p->changed, &p->lock);
		if (p->stop)
			break;
		pthread_mutex_unlock(&p->lock);
		if (p->job->emit)
			rc = p->job->emit(p->job->ctx, i, slot_of(p, i), &err);
		pthread_mutex_lock(&p->lock);
		if (rc != 0) {
			fail(p, rc, &err);
			break;
		}
		p->ready[i % p->n_slots] = false;
		p->emitted = i + 1;
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
}

/* No thread to be had (limits of the host): the caller does the work itself. */
static int run_alone(struct pool *p, struct kb_err *err)
{
	const struct kb_pool_job *job = p->job;

	for (size_t i = 0; i < job->n; i++) {
		int rc = job->work(job->ctx, i, p->slots, err);

		if (rc == 0 && job->emit)
			rc = job->emit(job->ctx, i, p->slots, err);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static void free_slots(struct pool *p)
{
	for (size_t i = 0; p->job->slot_free && i < p->n_slots; i++)
		p->job->slot_free(p->slots + i * p->job->slot_size);
	free(p->slots);
	free(p->ready);
}

int kb_pool_run(const struct kb_pool_job *job, struct kb_err *err)
{
	pthread_t threads[KB_POOL_WORKERS_MAX];
	unsigned wanted = job->workers ? job->workers : kb_cores(), started = 0;
	struct pool p = {
		.job = job, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

	if (wanted > KB_POOL_WORKERS_MAX)
		wanted = KB_POOL_WORKERS_MAX;
	p.n_slots = wanted + 1;
	p.slots = kb_alloc(p.n_slots, job->slot_size);
	p.ready = kb_alloc(p.n_slots, sizeof(*p.ready));
	while (wanted > 1 && started < wanted &&
	       pthread_create(&threads[started], NULL, worker, &p) == 0)
		started++;
	if (started)
		emit_all(&p);
	for (unsigned t = 0; t < started; t++)
		pthread_join(threads[t], NULL);
	if (!started)
		p.rc = run_alone(&p, &p.err);
	free_slots(&p);
	if (p.rc != 0 && err)
		*err = p.err;
	return p.rc;
}

unsigned kb_cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}
