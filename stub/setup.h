/* The first thing main() does: make the process one that nobody prepared.
 * docs/security.md lists the order and what each line excludes.
 */
#ifndef STUB_SETUP_H
#define STUB_SETUP_H

#include <sys/types.h>

#include "core/err.h"

/* Refuse set-id, begin again with a clean environment if this one holds more
 * than TERM, NO_COLOR and COLUMNS, forbid dumps, make 0 to 2 exist, close all
 * other descriptors, set umask and signals, remember and leave the working
 * directory. KB_E_ENVIRONMENT. */
int kb_setup_process(char **argv, struct kb_err *err);

/* A path the operator gave, relative to where the program was started; the
 * caller frees. NULL for NULL. */
int kb_setup_path(const char *path, char **ret_path, struct kb_err *err);

/* Internal, for tests: which of ENV may stay; the caller frees the array. */
const char **kb_setup_clean_env(char *const *env);

#endif
