/* files.yaml: files that are neither payload nor packages (a program, a jar, a
 * list), by URL or by path below the site, pinned by SHA-256. A role that names
 * "pinned/NAME" as the source of a step, or in `files`, carries it under that
 * path. What a URL without a digest held when it was locked is in lock/files.yaml
 * (pinned_lock.h).
 */
#ifndef BUILDER_PINNED_H
#define BUILDER_PINNED_H

#include "builder/site_load.h"

#define KB_PINNED_FILE   "files.yaml"
#define KB_PINNED_FOLDER "pinned/"
#define KB_PINNED_MAX    (UINT64_C(256) << 20) /* bytes: the SBOM reads it as a whole */

struct kb_pinned {
	char *name;
	char *url, *path; /* exactly one is not "" */
	char *sha256;     /* 64 hex digits, or "": of what is there when it is locked */
	char *licence;    /* SPDX expression */
	uint16_t mode;    /* in the bundle */
	struct kb_pos pos;
};

struct kb_pinned_files {
	char *file;
	struct kb_pinned *v; /* sorted by name */
	size_t n;
};

/* A site without the file has none, and no fault. */
void kb_pinned_take(struct kb_site_load *l, const struct kb_yaml_node *root);
void kb_pinned_free(struct kb_pinned_files *files); /* NULL is fine */

bool kb_pinned_is_licence(const char *text); /* for kb_schema_word */

/* NULL when there is none. FILES may be NULL. */
const struct kb_pinned *kb_pinned_find(const struct kb_pinned_files *files, const char *name);
/* The one that "pinned/NAME" means; NULL when PATH is another. */
const struct kb_pinned *kb_pinned_of_path(const struct kb_pinned_files *files, const char *path);
/* "pinned/NAME", checked; NULL when it was refused, and reported at NODE. */
char *kb_pinned_source(struct kb_site_load *l, const struct kb_schema *in,
		       const struct kb_yaml_node *node, const char *text, const char *what);

#endif
