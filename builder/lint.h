/* Checks that need more than one file: names in templates against what the
 * host will know, scripts that /bin/sh cannot start, and content that must not
 * be in a bundle. Faults go to DIAG with the place in the payload file. */
#ifndef BUILDER_LINT_H
#define BUILDER_LINT_H

#include "builder/site_load.h"

/* Every template and unit of ROLE, partials included. The partials it names
 * are added to the role's files. */
void kb_lint_templates(struct kb_site_load *l, struct kb_role *role);

/* Every payload file of all roles, once: scripts and secrets. */
void kb_lint_payload(struct kb_site_load *l);

/* What looks like a secret in TEXT, one call a line: its name ("a private
 * key"), with *RET_OFFSET set to where it begins; NULL when nothing does.
 * SETTINGS: the file is a list of NAME=VALUE, where any literal counts. */
const char *kb_lint_secret(const char *line, size_t len, bool settings, size_t *ret_offset);

/* What templates of ROLE can name, with a sample of what only the host knows. */
struct kb_value *kb_lint_context(const struct kb_site *site, const struct kb_role *role);

/* A command that starts a container, over all of its lines; all zero before the
 * first. */
struct kb_lint_pull {
	size_t line, offset; /* where it begins; line 0: none is open */
	bool never;          /* it says --pull=never */
};
/* Take line NUMBER of a script or unit: true when a command ends with it, which
 * the caller judges and forgets. */
bool kb_lint_pull(struct kb_lint_pull *p, const char *line, size_t len, size_t number);

#endif
