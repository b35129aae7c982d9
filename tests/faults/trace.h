/* Run the real program in a world and strike at its N-th system call: kill it
 * there, or give the call another answer. Calls of all its threads count, those
 * of the programs it starts do not.
 *
 * Time that the program would only wait is not waited for: its sleeps return
 * at once, and its monotonic clock goes on as if they had not.
 */
#ifndef TESTS_FAULTS_TRACE_H
#define TESTS_FAULTS_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

/* See malloc.c: where the allocator of the test build finds its number, and where
 * it writes how many allocations there were when that is LONG_MAX. */
#define TRACE_ALLOCATOR_FD 9
#define TRACE_ALLOCATIONS  "/allocations"

enum strike {
	STRIKE_NONE,
	STRIKE_KILL,   /* SIGKILL at the entry of the call */
	STRIKE_SIGNAL, /* the signal `error` instead */
	STRIKE_ERROR,  /* the call is not made and fails with `error` */
	STRIKE_LATE,   /* the call is made, and fails with `error` all the same */
	STRIKE_SHORT,  /* a read or write is given half of what was asked for */
};

struct trace {
	const char *root;        /* becomes / */
	const char *const *argv; /* in there */
	const char *output;      /* file for stdout and stderr; NULL: /dev/null */
	enum strike strike;
	long at;        /* the call that is struck, from 1.. */
	bool by_number; /* ..or the next one of the system's number.. */
	long number;
	int error;
	long allocation; /* the program's malloc that fails, from 1; see malloc.c */
	bool counted;    /* count the calls of a run that is not struck: slower */
	/* Called for each call before it is made, with its number, when they are
	 * counted; may be NULL. */
	void (*seen)(void *ctx, long n, long call, const unsigned long args[6]);
	void *ctx;
};

struct trace_result {
	int status; /* exit status, or -1 */
	int signal; /* that ended it, or 0 */
	long calls; /* made */
	bool struck;
	bool hung; /* ended by us after a minute */
};

/* PID is a child that the caller has beside the runs, no orphan of theirs; 0: there
 * is none any more. One at a time for each WHICH of 0 and 1. */
void trace_spare(int which, pid_t pid);

/* What was orphaned by it is over when this returns. */
void trace_run(const struct trace *t, struct trace_result *ret_result);

#endif
