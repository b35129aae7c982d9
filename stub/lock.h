/* One run at a time on a host, whatever the role: flock, which the kernel takes
 * back when its last holder dies, so there is no stale lock. The programs that
 * a run starts hold it with the run: when the run alone is killed, the next one
 * does not begin beside what is still at work.
 */
#ifndef STUB_LOCK_H
#define STUB_LOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#define kb_autounlock __attribute__((cleanup(kb_lock_drop)))

/* Held until *RET_FD is dropped. KB_E_BUSY when another run has it, or what it
 * left behind; the message names the program. */
int kb_lock_take(int rootfd, int *ret_fd, struct kb_err *err);

/* Nothing when *FD is negative. */
void kb_lock_drop(int *fd);

/* The first process, but for this one, that has FD's file open: its name as the
 * kernel shows it and its number, "dpkg (pid 4711)". False when none is seen. */
bool kb_lock_holder(int fd, char *out, size_t cap);

#endif
