/* Is a role on this host still what was recorded when it was installed? Needs no
 * bundle: the signed manifest is in the role's state, and with it what an
 * install rendered for this host, by digest. Looks, and changes nothing.
 */
#ifndef STUB_AUDIT_H
#define STUB_AUDIT_H

#include "stub/outcome.h"
#include "stub/plan.h"

/* At the end of an install: digests of what was put in place, and the names of
 * what is in folders that are wholly the role's: declared by it, root's own,
 * and with a file in them that it put there. Unchanged is not rewritten. */
#define KB_NAME_PLACED "placed"
int kb_audit_record(struct kb_scene *scene, const struct kb_plan *plan, struct kb_err *err);

/* WHAT is "changed", "missing", "foreign" or "unknown"; a path, unit, image or
 * package, and what is the matter. */
typedef void (*kb_audit_told)(void *ctx, const char *what, const char *name, const char *why);

/* STATEFD is the role's state folder, OUTCOME its record. *RET_FOUND is the
 * number of findings. KB_E_STATE when the records themselves are damaged. */
int kb_audit_role(struct kb_run *run, int statefd, const struct kb_outcome *outcome,
		  kb_audit_told told, void *ctx, size_t *ret_found, struct kb_err *err);

#endif
