/* Going back on purpose: --downgrade FILE, a signed permission as in
 * core/downgrade.h, lets the host's floor welcome one older release. */
#ifndef STUB_DOWNGRADE_H
#define STUB_DOWNGRADE_H

#include "core/downgrade.h"
#include "stub/rollback.h"
#include "stub/run.h"

/* Read RUN's permission and let FLOOR welcome the older release M on HOST (NULL:
 * unknown). As kb_downgrade_read and kb_downgrade_permit. */
int kb_downgrade_take(const struct kb_run *run, const struct kb_manifest *m,
		      const struct kb_digest *id, const char *host, uint64_t now,
		      struct kb_floor *floor, struct kb_err *err);

/* Internal, for tests: KB_E_TARGET: for another role or host; KB_E_ROLLBACK: for
 * other releases than the floor's and M, or used before; KB_E_EXPIRED. */
int kb_downgrade_permit(const struct kb_downgrade *d, const struct kb_manifest *m,
			const struct kb_digest *id, const char *host, uint64_t now,
			struct kb_floor *floor, struct kb_err *err);

#endif
