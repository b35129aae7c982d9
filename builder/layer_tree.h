/* A file tree as a layer holds it: read from a tar stream into a sorted list,
 * written as a tar whose bytes depend on nothing else. The contents of files
 * are not kept in memory: they go to one scratch file as the stream passes.
 *
 * Attributes kept: type, mode, numeric owner, time in whole seconds, link
 * target, file capabilities. Names of owners, other extended attributes and
 * times are dropped. Hard links are names of one file: the first of them in
 * order carries the data.
 */
#ifndef BUILDER_LAYER_TREE_H
#define BUILDER_LAYER_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "builder/store.h"

#define KB_TREE_ENTRIES_MAX 1000000

struct kb_tree_entry {
	char *path;  /* "usr/bin/env" */
	mode_t mode; /* with the type; S_IFREG, S_IFDIR or S_IFLNK */
	uint64_t uid, gid;
	int64_t mtime;
	uint64_t size, offset; /* of a file's content in the data file */
	struct kb_digest content;
	char *target;        /* of a symbolic link */
	char *hard;          /* given in the stream as a link to this path */
	size_t leader;       /* index of the first name of the same file */
	unsigned char *caps; /* security.capability */
	size_t n_caps;
};

struct kb_tree {
	struct kb_tree_entry *entries; /* sorted by path, bytewise */
	size_t n, cap;
	int data; /* contents; -1 = only their digests are known */
	uint64_t data_size;
};
#define KB_TREE_INIT              \
	{                         \
		NULL, 0, 0, -1, 0 \
	}
#define kb_autotree __attribute__((cleanup(kb_tree_free)))

/* Change what the entry says, or leave it out: return false. */
typedef bool kb_tree_filter(struct kb_tree_entry *entry);

/* Read the tar stream FD. With SCRATCH (a folder) contents are kept in a file
 * there; without, the tree can be compared but not written. FILTER may be NULL. */
int kb_tree_read(struct kb_tree *tree, int fd, const char *scratch, kb_tree_filter *filter,
		 struct kb_err *err);
void kb_tree_free(struct kb_tree *tree);

/* NULL when it is not there. */
const struct kb_tree_entry *kb_tree_find(const struct kb_tree *tree, const char *path);

/* Append the content of a small file. */
int kb_tree_content(const struct kb_tree *tree, const struct kb_tree_entry *entry, size_t max,
		    struct kb_buf *buf, struct kb_err *err);

/* Write entries as a layer into the store: those with CHOSEN[i], or all when it
 * is NULL; and an empty file for each of the sorted WHITEOUTS paths. */
int kb_tree_write(const struct kb_tree *tree, const bool *chosen, char *const *whiteouts,
		  size_t n_whiteouts, struct kb_store *store, struct kb_digest *ret_layer,
		  uint64_t *ret_size, struct kb_err *err);

#endif
