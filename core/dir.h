/* The names in a folder, one after the other. An error is never taken for the
 * end: a folder that cannot be read is not an empty one. */
#ifndef CORE_DIR_H
#define CORE_DIR_H

#include <dirent.h>

#include "core/err.h"

#define kb_autodir __attribute__((cleanup(kb_dir_close)))

/* NAME in DIRFD, "." for DIRFD itself; not through a symbolic link.
 * KB_E_MISSING when it is not there. */
int kb_dir_open(int dirfd, const char *name, DIR **ret_dir, struct kb_err *err);

/* 1: *RET_NAME is the next one, neither "." nor "..", until the next call;
 * 0: there is no other. */
int kb_dir_next(DIR *dir, const char **ret_name, struct kb_err *err);

void kb_dir_close(DIR **dir);

#endif
