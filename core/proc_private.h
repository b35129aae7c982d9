/* Internal to core/proc*.c. */
#ifndef CORE_PROC_PRIVATE_H
#define CORE_PROC_PRIVATE_H

#include <sys/types.h>

#include "core/proc.h"

/* Fork and execute. OUT receives the read ends of both streams, ONLINE what
 * kb_proc_result says of it. */
int kb_proc_spawn(const struct kb_proc *p, pid_t *ret_pid, int ret_out[2], int *ret_online,
		  struct kb_err *err);

/* End every child there still is, round by round as their own children are
 * handed to us, and wait for it. KB_E_DEPENDENCY when one cannot be ended. */
int kb_proc_reap(struct kb_err *err);

/* Splits what comes from one pipe into lines. */
struct kb_proc_lines {
	enum kb_proc_stream stream;
	char line[KB_PROC_LINE_MAX + 1];
	size_t len;
	bool cut;
};
void kb_proc_feed(const struct kb_proc *p, struct kb_proc_lines *l, const char *data, size_t len);
void kb_proc_flush(const struct kb_proc *p, struct kb_proc_lines *l);

#endif
