#include "tests/unit/unit.h"

#include <time.h>

#include "core/pool.h"

struct sum {
	size_t next;
	unsigned long total;
	size_t fail_work, fail_emit;
};

static int work(void *ctx, size_t i, void *slot, struct kb_err *err)
{
	const struct sum *s = ctx;
	struct timespec uneven = {.tv_nsec = (long)(i * 7919 % 5) * 100000};

	nanosleep(&uneven, NULL);
	if (i == s->fail_work)
		return kb_err_set(err, KB_E_IO, "work %zu", i);
	*(size_t *)slot = i * 3;
	return 0;
}

static int emit(void *ctx, size_t i, void *slot, struct kb_err *err)
{
	struct sum *s = ctx;

	if (i == s->fail_emit)
		return kb_err_set(err, KB_E_SPACE, "emit %zu", i);
	assert_int_equal(i, s->next++);
	assert_int_equal(*(size_t *)slot, i * 3);
	s->total += i;
	return 0;
}

static int run(struct sum *s, unsigned workers, struct kb_err *err)
{
	struct kb_pool_job job = {.n = 200,
				  .workers = workers,
				  .slot_size = sizeof(size_t),
				  .ctx = s,
				  .work = work,
				  .emit = emit};

	return kb_pool_run(&job, err);
}

KB_TEST(pool_emits_in_order_with_any_number_of_workers)
{
	for (unsigned workers = 0; workers < 8; workers++) {
		struct sum s = {.fail_work = 999, .fail_emit = 999};
		struct kb_err err;

		assert_int_equal(run(&s, workers, &err), 0);
		assert_int_equal(s.next, 200);
		assert_int_equal(s.total, 199 * 100);
	}
}

KB_TEST(pool_returns_the_failure_of_work_and_of_emit)
{
	for (unsigned workers = 1; workers < 5; workers++) {
		struct sum a = {.fail_work = 77, .fail_emit = 999};
		struct sum b = {.fail_work = 999, .fail_emit = 50};
		struct kb_err err;

		assert_int_equal(run(&a, workers, &err), KB_E_IO);
		assert_string_equal(err.text, "work 77");
		assert_int_equal(run(&b, workers, &err), KB_E_SPACE);
		assert_int_equal(b.next, 50);
	}
}
