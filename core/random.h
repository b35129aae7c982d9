/* Unpredictable bytes from the kernel. */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <stddef.h>

#include "core/err.h"

/* Fill BUF from getrandom(2); waits for the pool at early boot. */
int kb_random(void *buf, size_t len, struct kb_err *err);

#endif
