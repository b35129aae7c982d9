/* One run at a time on a host, whatever the role: flock, which the kernel takes
 * back when its holder dies, so there is no stale lock. */
#ifndef STUB_LOCK_H
#define STUB_LOCK_H

#include "core/err.h"

/* Held until *RET_FD is closed. KB_E_BUSY when another run has it. */
int kb_lock_take(int rootfd, int *ret_fd, struct kb_err *err);

#endif
