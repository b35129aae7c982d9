/* What releases before this one put on the host and this one does not bring any
 * more: files, folders, units. It goes before the first step, so that names and
 * ports are free, by the rules of an uninstall: what was replaced comes back,
 * data and what somebody changed are kept. An upgrade that fails puts it back.
 */
#ifndef STUB_DROPPED_H
#define STUB_DROPPED_H

#include "stub/plan.h"

struct kb_dropped;

/* Look, and change nothing; NULL when there is nothing. What a role beside this
 * one has put there since is that role's. */
int kb_dropped_find(struct kb_scene *scene, struct kb_dropped **ret_dropped, struct kb_err *err);
void kb_dropped_free(struct kb_dropped *d);

/* Those that would go or come back, in order of path: false after the last.
 * *RET_KIND is "unit", "directory" or "file". */
bool kb_dropped_at(const struct kb_dropped *d, size_t i, const char **ret_action,
		   const char **ret_kind, const char **ret_path);

/* Do it; durable when it returns 0. May be repeated. */
int kb_dropped_remove(struct kb_scene *scene, const struct kb_dropped *d, struct kb_err *err);

/* With the commit: what is gone is nobody's any more, so that whatever comes to
 * stand there is not taken for ours. */
int kb_dropped_forget(struct kb_scene *scene, struct kb_err *err);

#endif
