/* Do what a plan says, step by step, each recorded before it begins and after
 * its effects are durable. */
#ifndef STUB_EXECUTE_H
#define STUB_EXECUTE_H

#include "stub/outcome.h"
#include "stub/plan.h"

/* The install phase. What waits for other hosts is added to OUTCOME. Stops at
 * the first failure, and between steps when asked to (KB_E_INTERRUPTED). */
int kb_execute_install(struct kb_scene *scene, struct kb_plan *plan, struct kb_outcome *outcome,
		       struct kb_err *err);

/* Any other phase: nothing is recorded. With KEEP_GOING every step runs, and
 * the first failure is returned at the end. */
int kb_execute_phase(struct kb_scene *scene, int phase, bool keep_going, struct kb_err *err);

/* Does the bundle have steps for PHASE? */
bool kb_execute_has(const struct kb_manifest *m, int phase);

#endif
