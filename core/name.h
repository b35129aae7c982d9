/* The judge of names that become paths. Signed input is still input: every
 * path passes here, in the builder and again on the host. Text only; what is
 * on the disk is the business of path.h.
 *
 * Refused in every path: empty, NUL and control characters, text that is not
 * UTF-8, letters with a separate combining accent (the same name would have two
 * spellings), empty components, "." and "..", a slash at the end, a component
 * over KB_NAME_COMPONENT_MAX, the whole over KB_NAME_PATH_MAX. Backslashes and
 * a leading "-" are ordinary characters. All of it is KB_E_PATH.
 */
#ifndef CORE_NAME_H
#define CORE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#define KB_NAME_PATH_MAX      1024
#define KB_NAME_COMPONENT_MAX 255
#define KB_NAME_ID_MAX        63

/* The name of a member of a bundle: relative. */
int kb_name_check_relative(const char *path, struct kb_err *err);
int kb_name_check_relative_n(const char *path, size_t len, struct kb_err *err);

/* A place to install to: absolute, not "/" itself, and neither at nor below
 * /proc, /sys, /dev or our own /run/keybuzz, /var/lib/keybuzz, /etc/keybuzz. */
int kb_name_check_host_path(const char *path, struct kb_err *err);
int kb_name_check_host_path_n(const char *path, size_t len, struct kb_err *err);

/* Ids of steps, names of roles: [a-z0-9][a-z0-9-]{0,62}; KB_E_INVALID. */
int kb_name_check_id(const char *id, struct kb_err *err);

struct kb_name_entry {
	const char *path;
	bool directory;
};

/* Paths that cannot stand side by side: one twice, a file that is another's
 * folder, and twins that differ in case only (ASCII; of folders that are only
 * implied, too). Any order; each path has passed a check above. */
int kb_name_conflict(const struct kb_name_entry *entries, size_t n, struct kb_err *err);

#endif
