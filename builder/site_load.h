/* What the loaders of site.c, image_source.c, role.c and lint_*.c share while
 * a site is being read. Every fault goes to DIAG and loading goes on: the
 * functions return nothing, whoever called counts the findings. */
#ifndef BUILDER_SITE_LOAD_H
#define BUILDER_SITE_LOAD_H

#include "builder/schema.h"
#include "builder/site.h"

struct kb_site_load {
	struct kb_site *site;
	struct kb_diag *diag;
	int dirfd;     /* manifests/ */
	int payloadfd; /* payload/, or -1 when there is none */
};

/* What a file of manifests/ holds goes into the site, by kb_packages_take and its
 * like. ROOT is NULL when the file could not be understood, and that reported. */
typedef void kb_site_take_fn(struct kb_site_load *l, const struct kb_yaml_node *root);

/* The path as messages show it: "manifests/roles/redis.yaml". */
char *kb_site_load_shown(const struct kb_site_load *l, const char *path);
char *kb_site_load_shown_payload(const struct kb_site_load *l, const char *path);

/* A `variables` map; names that templates use for other things are refused.
 * NODE may be NULL: an empty map. */
struct kb_value *kb_site_load_variables(const struct kb_schema *in,
					const struct kb_yaml_node *node);

/* Predicates for kb_schema_word. */
bool kb_site_load_is_id(const char *text); /* core/name.h */

/* Take KEY as a list of distinct texts that pass OK. */
struct kb_strings kb_site_load_words(struct kb_schema_map *map, const char *key,
				     bool (*ok)(const char *text), const char *expected);

void kb_site_load_strings_add(struct kb_strings *s, const char *text);
void kb_site_load_strings_sort(struct kb_strings *s); /* and leave each once */
void kb_site_load_strings_free(struct kb_strings *s);

#endif
