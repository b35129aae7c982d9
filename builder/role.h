/* roles/ROLE.yaml: one role, with its steps as the manifest carries them. */
#ifndef BUILDER_ROLE_H
#define BUILDER_ROLE_H

#include "builder/site_load.h"

/* Read PATH ("roles/redis.yaml") into ROLE, which is zeroed. The site's images
 * and inventory are loaded already. */
void kb_role_load(struct kb_site_load *l, const char *path, struct kb_role *role);
/* The same for what the file holds (NULL: nothing that is reported); the role's
 * name, file and pos are set. */
void kb_role_take(struct kb_site_load *l, const struct kb_yaml_node *root, struct kb_role *role);
/* What only shows once a role is complete, its templates' partials included:
 * the maxima of core/format.h, and names that cannot stand side by side (role_check.c). */
void kb_role_check(struct kb_site_load *l, const struct kb_role *role);
void kb_role_free(struct kb_role *role); /* what it points to */

/* A payload file named in a manifest, "x" or "lib/x", as the bundle's path; it
 * is added to the role's files. NULL when it was refused, and reported at NODE. */
char *kb_role_source(struct kb_site_load *l, const struct kb_schema *in, struct kb_role *role,
		     const struct kb_yaml_node *node, const char *what);

/* What it is given of credentials.yaml (role_credentials.c). */
void kb_role_credentials_load(struct kb_site_load *l, struct kb_schema_map *map,
			      struct kb_role *role);
/* The steps of all phases (role_steps.c). */
void kb_role_steps_load(struct kb_site_load *l, struct kb_schema_map *map, struct kb_role *role);

#endif
