/* Files below a folder that authors write: opened component by component, so
 * that no symbolic link, on the way or at the end, leads out of the tree, and
 * read only when they are regular files. Paths are relative and have passed
 * core/name.h. A FIFO or device is found out without waiting for it.
 *
 * Errors name the path as given; who knows its place in a manifest adds that.
 */
#ifndef BUILDER_SITE_TREE_H
#define BUILDER_SITE_TREE_H

#include <stddef.h>

#include "core/err.h"
#include "core/mem.h"

/* A descriptor, or KB_E_MISSING, KB_E_PATH (link, wrong type), KB_E_IO. */
int kb_site_tree_open(int dirfd, const char *path, struct kb_err *err);
int kb_site_tree_open_dir(int dirfd, const char *path, struct kb_err *err);

/* Append the file to BUF; more than MAX bytes is KB_E_INVALID. */
int kb_site_tree_read(int dirfd, const char *path, size_t max, struct kb_buf *buf,
		      struct kb_err *err);

/* Names in the folder PATH ("." is DIRFD itself), sorted by bytes, without "."
 * and "..". The caller frees each and the array. */
int kb_site_tree_names(int dirfd, const char *path, char ***ret_names, size_t *ret_n,
		       struct kb_err *err);

/* Every regular file below PATH as "PATH/..", sorted by bytes. Anything that is
 * neither a file nor a folder is KB_E_PATH. */
int kb_site_tree_walk(int dirfd, const char *path, char ***ret_paths, size_t *ret_n,
		      struct kb_err *err);

#endif
