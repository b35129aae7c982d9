/* Run one program to its end: by argv and an absolute path, never by a shell's
 * command line, with an environment built for it and nothing inherited.
 *
 * The child gets /dev/null as its input, two pipes as its output, no other
 * descriptor but the one that is shared, default signals, umask 077, its own
 * session, and dies with us. It may be run without a network: with what it
 * starts, in a new network namespace whose loopback is down. Its output is handed
 * over line by line while it runs; a line is cut at KB_PROC_LINE_MAX bytes, and
 * output without end is read without being kept.
 *
 * When the program is over, or out of time, or no longer wanted, everything it
 * started is ended too: its process group first by TERM, then by KILL, then
 * each process that was handed to us because its parent died. So a program
 * that detaches something leaves nothing behind; services are started through
 * the service manager, whose children they are.
 */
#ifndef CORE_PROC_H
#define CORE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define KB_PROC_LINE_MAX 4096
#define KB_PROC_GRACE    5  /* seconds between TERM and KILL */
#define KB_PROC_REAP_MAX 10 /* seconds to end what it left behind */

enum kb_proc_stream { KB_PROC_OUT = 0, KB_PROC_ERR = 1 };

struct kb_proc {
	const char *const *argv; /* argv[0] is the absolute path */
	const char *const *env;  /* NULL: an empty one */
	const char *cwd;         /* NULL: "/" */
	uint32_t timeout;        /* seconds on the monotonic clock; 0: none */
	bool offline;            /* without a network, if the kernel can do that */
	/* One line without its end, terminated by a NUL. CUT: there was more of
	 * it. Bytes as they came: not UTF-8, not escaped. May be NULL. */
	void (*line)(void *ctx, enum kb_proc_stream stream, const char *line, size_t len, bool cut);
	/* Asked several times a second; true ends the program now. May be NULL. */
	bool (*stop)(void *ctx);
	void *ctx;
};

struct kb_proc_result {
	int status;     /* exit status, or -1 when a signal ended it */
	int signal;     /* that signal, else 0 */
	bool timed_out; /* ended by us */
	bool stopped;   /* ended by us because stop() said so */
	int online;     /* why an offline program had the host's network all the same: ENOSYS or
			 * EINVAL of a kernel without namespaces, EPERM; else 0 */
};

/* 0 when the program ran and is over, however it ended. Negative when it could
 * not be started (KB_E_MISSING: there is no such file; KB_E_ENVIRONMENT: it
 * cannot be executed, or there are too many network namespaces) or watched. */
int kb_proc_run(const struct kb_proc *p, struct kb_proc_result *ret_result, struct kb_err *err);

/* "exit 3", "killed by signal 9", "out of time after 60 s", for messages. */
void kb_proc_describe(const struct kb_proc *p, const struct kb_proc_result *result, char *out,
		      size_t cap);

/* From now on every program, and what it starts, holds FD too, with the number
 * it has here: a flock that a killed run leaves behind stays taken until the
 * last of them is over. -1: none, as at first. */
void kb_proc_share(int fd);

/* Seconds and milliseconds on the clock that nobody sets. */
uint64_t kb_monotonic_ms(void);

#endif
