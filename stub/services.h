/* No service of a package starts, stops or restarts while the package is being
 * installed: its settings come with later steps, which start it. What runs goes
 * on with the program it was started from.
 *
 * Maintainer scripts ask /usr/sbin/policy-rc.d (invoke-rc.d(8)); for the time
 * of the step ours stands there and says no. One of the host's is kept beside
 * it and put back. After an interruption the next install ends what was begun.
 */
#ifndef STUB_SERVICES_H
#define STUB_SERVICES_H

#include "core/err.h"

/* 1: held, perhaps by an install that was interrupted; 0: not. */
int kb_services_held(int rootfd, struct kb_err *err);

int kb_services_hold(int rootfd, struct kb_err *err);

/* Also when nothing is held. */
int kb_services_release(int rootfd, struct kb_err *err);

#endif
