/* An upgrade that can be taken back: while it is under way, the role's state
 * holds a second undo log and the record of the release before. When a step
 * fails, what was changed is put back and the services run as they did; an
 * upgrade that was cut off is continued, and may still be taken back then.
 */
#ifndef STUB_UPGRADE_H
#define STUB_UPGRADE_H

#include "stub/outcome.h"
#include "stub/plan.h"

/* OLD is the record found at the start. Sets SCENE->upgrade when there is
 * something to take back to; begins the log, or goes on with one. */
int kb_upgrade_begin(struct kb_scene *scene, const struct kb_outcome *old, bool changes,
		     struct kb_err *err);

/* All steps are done, and the COMMIT comes next: there is no way back any more. */
int kb_upgrade_end(struct kb_scene *scene, struct kb_err *err);

/* The install failed with FAILURE ("60 step ..: .."): go back. The record is that
 * of the release before, with the failure, when this returns 0. */
int kb_upgrade_back(struct kb_scene *scene, const struct kb_plan *plan, const char *failure,
		    struct kb_err *err);

#endif
