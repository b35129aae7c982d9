/* packages.yaml: which OS packages roles may carry, by name, for each system
 * release they are installed on. Names only; what they resolve to is in the
 * lock (packages_lock.h).
 *
 * A release that is `declared` is data for the day its mirror and keyring can
 * be reached: `lock` passes over it unless it is named, and a role carries
 * nothing for it until then.
 */
#ifndef BUILDER_PACKAGES_H
#define BUILDER_PACKAGES_H

#include "builder/site_load.h"

#define KB_PACKAGES_FILE "packages.yaml"

struct kb_target_release {
	char *name; /* "debian-13": ID and VERSION_ID of os-release */
	char *suite;
	char *mirror;  /* the site's when none is named */
	char *keyring; /* absolute */
	struct kb_strings components;
	bool declared;
	bool accepted; /* within the site's `os` */
	struct kb_pos pos;
};

struct kb_package_group {
	char *name;
	struct kb_strings *names; /* sorted; for each release, in the order of these */
	struct kb_pos pos;
};

struct kb_packages {
	char *file;
	struct kb_target_release *releases; /* sorted by name */
	size_t n_releases;
	struct kb_package_group *groups; /* sorted by name */
	size_t n_groups;
};

/* After site.yaml. A site without the file has none, and no fault. */
void kb_packages_take(struct kb_site_load *l, const struct kb_yaml_node *root);
void kb_packages_free(struct kb_packages *packages); /* NULL is fine */

/* -1 and NULL when there is none. PACKAGES may be NULL. */
long kb_packages_release(const struct kb_packages *packages, const char *name);
const struct kb_package_group *kb_packages_group(const struct kb_packages *packages,
						 const char *name);

/* The list of a `packages` step: its groups are added to ROLE, and the names
 * they have for the accepted releases become STEP's arguments, "RELEASE/NAME".
 * Faults are reported at their places in NODE. */
void kb_packages_step(const struct kb_site_load *l, const struct kb_schema *in,
		      const struct kb_yaml_node *node, struct kb_role *role, struct kb_step *step);

/* Take "removes" of the same step: names that may go, as arguments "-NAME". */
void kb_packages_removes(struct kb_schema_map *map, struct kb_step *step);

#endif
