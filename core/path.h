/* Paths on the host, walked one component at a time from a descriptor of the
 * root, so that no symbolic link is ever followed and nobody can change a
 * folder between the check and the use.
 *
 * Excluded, in this order: a component that is a symbolic link or no folder
 * (KB_E_PATH); a folder that belongs neither to root (or us) nor to one of the
 * owners the caller expects; a folder that its group or the world may write to
 * (KB_E_ENVIRONMENT). An access list that grants more shows in the group bits,
 * so it is refused with them. A path has passed core/name.h before.
 */
#ifndef CORE_PATH_H
#define CORE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/err.h"

/* Whose folders may stand on the way, besides root's. */
struct kb_owners {
	const uid_t *uids;
	size_t n;
};

/* The folder PATH (absolute) below ROOTFD. A component that does not exist is
 * KB_E_MISSING, which a caller that only looks may take for an answer. */
int kb_path_open_dir(int rootfd, const char *path, const struct kb_owners *owners, int *ret_fd,
		     struct kb_err *err);

/* The folder PATH stands in, and its last component (a pointer into PATH). */
int kb_path_open_parent(int rootfd, const char *path, const struct kb_owners *owners, int *ret_fd,
			const char **ret_name, struct kb_err *err);

/* As kb_path_open_dir, but make what is missing with MODE, whatever the umask,
 * each new folder durable in its parent. */
int kb_path_make_dir(int rootfd, const char *path, mode_t mode, const struct kb_owners *owners,
		     int *ret_fd, struct kb_err *err);

/* One folder NAME in DIRFD: made with MODE when it is missing, opened, and
 * checked like a component. *RET_MADE (may be NULL) says which. */
int kb_path_make_at(int dirfd, const char *name, mode_t mode, const struct kb_owners *owners,
		    int *ret_fd, bool *ret_made, struct kb_err *err);

/* The regular file NAME in DIRFD, for reading; KB_E_MISSING, or KB_E_PATH when
 * it is anything else. Does not wait on a FIFO. */
int kb_path_open_file(int dirfd, const char *name, int *ret_fd, struct stat *ret_st,
		      struct kb_err *err);

/* Remove NAME in DIRFD and everything below, without following links, without
 * leaving the file system, and without recursion. Missing is success. */
int kb_path_remove_tree(int dirfd, const char *name, struct kb_err *err);

/* Remove what an interrupted kb_newfile left in DIRFD: `.<16 hex>.part`. */
int kb_path_sweep(int dirfd, struct kb_err *err);

#endif
