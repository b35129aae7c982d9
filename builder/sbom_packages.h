/* Packages found in images and bundles, as an SBOM lists them: each once,
 * however many images hold it. */
#ifndef BUILDER_SBOM_PACKAGES_H
#define BUILDER_SBOM_PACKAGES_H

#include <stdbool.h>

#include "builder/sbom_layers.h"
#include "core/digest.h"

struct kb_component {
	char *type;   /* of the package URL: "deb", "apk" */
	char *vendor; /* "debian": ID of os-release */
	char *distro; /* "debian-13" */
	char *name, *version, *arch;
	char *licence;  /* SPDX expression; NULL = not known */
	char *download; /* where it came from; NULL = not known */
	bool has_digest;
	struct kb_digest digest; /* of the package file */
};

struct kb_components {
	struct kb_component *v;
	size_t n, cap;
};

void kb_components_free(struct kb_components *list); /* what it points to */

/* "pkg:deb/debian/libc6@2.41-12%2Bdeb13u4?arch=amd64&distro=debian-13" */
char *kb_component_purl(const struct kb_component *component);

/* Append S as a part of a package URL. */
void kb_purl_encode(struct kb_buf *out, const char *s);

/* Copies of the texts; NULL stays NULL. Returns the new, last one. */
struct kb_component *kb_components_add(struct kb_components *list, const char *type,
				       const char *vendor, const char *distro, const char *name,
				       const char *version, const char *arch);

/* What dpkg's and apk's databases in ROOT say. */
void kb_components_of_root(const struct kb_sbom_root *root, struct kb_components *list);

#endif
