/* From a bundle to a plan that could be executed, and from there to a host
 * that is ready to be changed: what the verbs that touch a host share. */
#ifndef STUB_PREPARE_H
#define STUB_PREPARE_H

#include "stub/outcome.h"
#include "stub/plan.h"

/* Scene, checks and plan; PROBLEMS tells whether it can be done. Changes
 * nothing. RET_PLAN is empty when it could not be worked out. */
int kb_prepare_plan(struct kb_run *run, struct kb_bundle *bundle, const char *verb,
		    struct kb_scene *ret_scene, struct kb_plan *ret_plan,
		    struct kb_problems *problems, struct kb_err *err);

/* For verbs that only run programs: scene, and whether the role is installed
 * here. */
int kb_prepare_programs(struct kb_run *run, struct kb_bundle *bundle, const char *verb,
			struct kb_scene *ret_scene, struct kb_err *err);

/* What programs need: payload staged and compared, facts written. */
int kb_prepare_payload(struct kb_scene *scene, struct kb_err *err);

/* After every byte was verified: the floor is raised, folders are made. */
int kb_prepare_state(struct kb_scene *scene, struct kb_err *err);

#endif
