/* Requests to stop. The first one is remembered and answered at the next safe
 * point: after the current step, or between two chunks. The second one means
 * now: a program that is running is ended, anything else is left as it stands,
 * which the journal makes safe. Lost terminals and timers count like
 * interrupts.
 */
#ifndef STUB_SIGNALS_H
#define STUB_SIGNALS_H

#include <stdbool.h>

#include "core/err.h"

void kb_signals_install(void);

bool kb_signals_stop(void); /* asked once or more */
bool kb_signals_now(void);  /* asked twice or more */

/* While RUNNING, the second request is left to whoever runs the program. */
void kb_signals_program(bool running);

/* KB_E_INTERRUPTED when asked to stop, else 0. */
int kb_signals_check(struct kb_err *err);

#endif
