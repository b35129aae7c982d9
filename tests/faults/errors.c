/* H4, H5, A30: the N-th system call of an install fails, or gives less than was
 * asked for. H7, A18: its N-th allocation fails,
 * those of the library that checks signatures included. Success may be claimed only of a host
 * that is what it should be; a failure has the exit status of its class; and the
 * next run, which nothing disturbs, makes the host whole.
 *
 *	errors BUNDLES PROGRAM SYSTEMCTL CALLS ALLOCATIONS
 *
 * CALLS and ALLOCATIONS are for each scenario and evenly spread over everything
 * that can fail; 0 is all of it. PROGRAM is the build with tests/faults/malloc.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/faults/fail.h"
#include "tests/faults/sweep.h"

/* One way in which one call goes wrong. */
struct fault {
	long call;
	enum strike strike;
	int error;
};

static const struct fault faults[] = {
	{SYS_openat, STRIKE_ERROR, EIO},      {SYS_openat, STRIKE_ERROR, EMFILE},
	{SYS_read, STRIKE_ERROR, EIO},        {SYS_read, STRIKE_ERROR, EINTR},
	{SYS_read, STRIKE_SHORT, 0},          {SYS_pread64, STRIKE_ERROR, EIO},
	{SYS_pread64, STRIKE_ERROR, EINTR},   {SYS_pread64, STRIKE_SHORT, 0},
	{SYS_write, STRIKE_ERROR, EIO},       {SYS_write, STRIKE_ERROR, ENOSPC},
	{SYS_write, STRIKE_ERROR, EDQUOT},    {SYS_write, STRIKE_ERROR, EINTR},
	{SYS_write, STRIKE_SHORT, 0},         {SYS_getdents64, STRIKE_ERROR, EIO},
	{SYS_fstat, STRIKE_ERROR, EIO},       {SYS_newfstatat, STRIKE_ERROR, EIO},
	{SYS_statx, STRIKE_ERROR, EIO},       {SYS_statfs, STRIKE_ERROR, EIO},
	{SYS_fstatfs, STRIKE_ERROR, EIO},     {SYS_faccessat, STRIKE_ERROR, EIO},
	{SYS_fsync, STRIKE_LATE, EIO},        {SYS_fsync, STRIKE_LATE, ENOSPC},
	{SYS_fdatasync, STRIKE_LATE, EIO},    {SYS_syncfs, STRIKE_LATE, EIO},
	{SYS_close, STRIKE_LATE, EIO},        {SYS_close, STRIKE_LATE, EINTR},
	{SYS_renameat, STRIKE_ERROR, EIO},    {SYS_renameat, STRIKE_ERROR, ENOSPC},
	{SYS_renameat, STRIKE_ERROR, EROFS},  {SYS_renameat2, STRIKE_ERROR, EIO},
	{SYS_mkdirat, STRIKE_ERROR, EIO},     {SYS_mkdirat, STRIKE_ERROR, ENOSPC},
	{SYS_mkdirat, STRIKE_ERROR, EROFS},   {SYS_unlinkat, STRIKE_ERROR, EIO},
	{SYS_unlinkat, STRIKE_ERROR, EROFS},  {SYS_fchmod, STRIKE_ERROR, EIO},
	{SYS_fchmod, STRIKE_ERROR, EROFS},    {SYS_fchmodat, STRIKE_ERROR, EIO},
	{SYS_fchown, STRIKE_ERROR, EIO},      {SYS_fchown, STRIKE_ERROR, EROFS},
	{SYS_ftruncate, STRIKE_ERROR, EIO},   {SYS_ftruncate, STRIKE_ERROR, ENOSPC},
	{SYS_lseek, STRIKE_ERROR, EIO},       {SYS_fcntl, STRIKE_ERROR, EMFILE},
	{SYS_flock, STRIKE_ERROR, EINTR},     {SYS_flock, STRIKE_ERROR, ENOLCK},
	{SYS_pipe2, STRIKE_ERROR, EMFILE},    {SYS_clone, STRIKE_ERROR, EAGAIN},
	{SYS_clone3, STRIKE_ERROR, EAGAIN},   {SYS_poll, STRIKE_ERROR, EINTR},
	{SYS_poll, STRIKE_ERROR, ENOMEM},     {SYS_wait4, STRIKE_ERROR, EINTR},
	{SYS_getrandom, STRIKE_ERROR, EINTR}, {SYS_mmap, STRIKE_ERROR, ENOMEM},
	{SYS_brk, STRIKE_ERROR, 0}, /* it answers with the end that stays: none */
	{SYS_mprotect, STRIKE_ERROR, ENOMEM},
};
#define N_FAULTS (sizeof(faults) / sizeof(faults[0]))

/* What makes a file can also find the disk full or read-only. */
static const struct fault creates[] = {
	{SYS_openat, STRIKE_ERROR, ENOSPC},
	{SYS_openat, STRIKE_ERROR, EROFS},
};

/* Every fault of every call of the undisturbed run. */
struct target {
	long at;
	const struct fault *fault;
};

struct targets {
	struct target *all;
	size_t n, cap;
	bool ours;
};

static void add(struct targets *ts, long at, const struct fault *fault)
{
	ts->all = kb_grow(ts->all, ts->n, &ts->cap, sizeof(*ts->all));
	ts->all[ts->n++] = (struct target){at, fault};
}

/* What the C library does before main() is not ours: the first call that is. */
#define FIRST_OF_OURS SYS_prctl

static void on_call(void *ctx, long n, long call, const unsigned long args[6])
{
	struct targets *ts = ctx;

	ts->ours = ts->ours || call == FIRST_OF_OURS;
	if (!ts->ours)
		return;
	for (size_t i = 0; i < N_FAULTS; i++)
		if (faults[i].call == call)
			add(ts, n, &faults[i]);
	for (size_t i = 0; i < 2; i++)
		if (call == SYS_openat && args[2] & O_CREAT)
			add(ts, n, &creates[i]);
}

static const char *call_name(long call)
{
	static const struct {
		long call;
		const char *name;
	} names[] = {
		{SYS_openat, "openat"},
		{SYS_read, "read"},
		{SYS_pread64, "pread"},
		{SYS_write, "write"},
		{SYS_getdents64, "getdents"},
		{SYS_fstat, "fstat"},
		{SYS_newfstatat, "fstatat"},
		{SYS_fsync, "fsync"},
		{SYS_syncfs, "syncfs"},
		{SYS_close, "close"},
		{SYS_renameat, "rename"},
		{SYS_mkdirat, "mkdir"},
		{SYS_unlinkat, "unlink"},
		{SYS_fcntl, "fcntl"},
		{SYS_poll, "poll"},
		{SYS_mmap, "mmap"},
		{SYS_brk, "brk"},
		{SYS_clone, "clone"},
		{SYS_clone3, "clone3"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].call == call)
			return names[i].name;
	return "another";
}

/* Is STATUS an answer to ERROR? What is interrupted or short is only gone on
 * with; for the rest, each error has its class, or did not matter. */
static bool is_fitting(const struct fault *f, int undisturbed, int status)
{
	if (status == undisturbed)
		return true;
	if (f->strike == STRIKE_SHORT || f->error == EINTR)
		return false;
	switch (f->error) {
	case ENOSPC:
	case EDQUOT: return status == 40;
	case 0:
	case ENOMEM: return status == 42;
	case EMFILE:
	case EAGAIN:
	case EROFS: return status == 41 || status == 30;
	default: return status == 41;
	}
}

/* FITTING: the status is one that may follow. */
static void judge(const struct work *w, const struct sweep *s, const struct trace_result *r,
		  bool fitting, const char *what)
{
	bool good = true;

	if (r->status < 0 || r->hung || !fitting) {
		printf("FAILED: %s: exit %d, signal %d%s\n", what, r->status, r->signal,
		       r->hung ? ", hung" : "");
		sweep_print_output(s);
		good = false;
	} else {
		count(&w->counts->by_code[r->status]);
	}
	if (r->status == 0 && (s->scenario->status != 0 || !sweep_is_same(s))) {
		printf("FAILED: %s: success was claimed\n", what);
		sweep_check(s, what);
		good = false;
	}
	good = sweep_resumes(s, what) && good;
	count(good ? &w->counts->passed : &w->counts->failed);
}

static void one_fault(const struct work *w, const struct sweep *s, const struct target *target)
{
	const struct fault *f = target->fault;
	struct trace t = {.strike = f->strike,
			  .at = target->at,
			  .by_number = true,
			  .number = f->call,
			  .error = f->error};
	kb_autofree char *what = kb_format("%s %s call %ld (%s) %s", f->error == EIO ? "H5" : "H4",
					   s->scenario->name, target->at, call_name(f->call),
					   f->strike == STRIKE_SHORT ? "is short"
					   : f->error                ? strerrorname_np(f->error)
								     : "refuses");
	struct trace_result result;

	sweep_begin(s);
	sweep_run(s, &t, &result);
	if (!result.struck)
		count(&w->counts->undisturbed);
	judge(w, s, &result, is_fitting(f, s->scenario->status, result.status), what);
}

static void one_allocation(const struct work *w, const struct sweep *s, long n)
{
	struct trace t = {.strike = STRIKE_NONE, .allocation = n};
	kb_autofree char *what = kb_format("H7 %s allocation %ld fails", s->scenario->name, n);
	struct trace_result result;

	sweep_begin(s);
	sweep_run(s, &t, &result);
	judge(w, s, &result, result.status == s->scenario->status || result.status == 42, what);
}

static void find_targets(struct sweep *s, struct targets *ts)
{
	struct trace t = {.counted = true, .seen = on_call, .ctx = ts};
	struct trace_result result;

	sweep_begin(s);
	sweep_run(s, &t, &result);
	if (result.status != s->scenario->status || !ts->n)
		fail("the undisturbed run");
}

static void work(const struct work *w, struct sweep *s)
{
	struct targets ts = {.n = 0};
	long allocations, calls, n;

	find_targets(s, &ts);
	allocations = sweep_allocations(s);
	calls = w->o->points ? w->o->points : (long)ts.n;
	n = w->o->pairs ? w->o->pairs : allocations;
	if (w->worker == 0)
		printf("%s: %zu faults of calls, %ld of them tried; %ld allocations, %ld of "
		       "them fail\n",
		       s->scenario->name, ts.n, calls, allocations, n);
	for (long i = w->worker; i < calls; i += w->o->jobs)
		if (!w->o->only || ts.all[i * (long)ts.n / calls].at == w->o->only)
			one_fault(w, s, &ts.all[i * (long)ts.n / calls]);
	for (long i = w->worker; i < n && !w->o->only; i += w->o->jobs)
		one_allocation(w, s, 1 + i * allocations / n);
	free(ts.all);
}

int main(int argc, char **argv)
{
	struct options o;

	sweep_options(argc, argv, &o);
	sweep_all(&o, work);
}
