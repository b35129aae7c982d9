/* The typed model of a site: what manifests/ says, checked.
 *
 * kb_site_load reads site.yaml, servers.tsv, images.yaml, packages.yaml and the roles, and
 * collects every error of all of them in one run, each with its file, line
 * and column. A site that loads without errors has no unresolved reference:
 * every image, payload file, watched step and template variable exists.
 * Strings are never NULL. Positions are kept where later verbs complain.
 */
#ifndef BUILDER_SITE_H
#define BUILDER_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/diag.h"
#include "core/inventory.h"
#include "core/manifest.h"
#include "core/value.h"

struct kb_packages;     /* packages.h */
struct kb_pinned_files; /* pinned.h */

struct kb_pos {
	const char *file; /* owned by the site */
	unsigned line, column;
};

enum kb_source_kind { KB_SOURCE_DEBIAN = 1, KB_SOURCE_REGISTRY, KB_SOURCE_ARCHIVE, KB_SOURCE_OCI };

struct kb_strings {
	char **v;
	size_t n;
};

/* One image of images.yaml. */
struct kb_image_source {
	char *name;
	char *tag; /* "" = derived from the id */
	enum kb_source_kind kind;
	struct kb_pos pos;
	/* debian */
	char *suite;
	char *mirror; /* the site's */
	struct kb_strings base, packages;
	char *user, *workdir;
	struct kb_strings entrypoint, cmd;
	struct kb_strings env; /* "NAME=value", sorted */
	/* registry: reference as written; archive, oci: path below the site */
	char *reference;
	char *sha256; /* archive: expected digest, "" = none given */
};

/* One role: a step is already the manifest's step (paths resolved to
 * "lib/x" or "roles/ROLE/x"), the rest waits for the lock. */
struct kb_role {
	char *name;
	char *file;
	char *summary;
	char *select_role, *select_subrole, *select_stack;
	uint32_t hosts_min;
	bool hosts_odd;
	char *engine;
	uint32_t memory_mib;
	uint16_t *ports;
	size_t n_ports;
	struct kb_credential *credentials; /* sorted */
	size_t n_credentials;
	struct kb_strings images;   /* sorted */
	struct kb_strings files;    /* sorted payload paths, all that the role carries */
	struct kb_strings groups;   /* sorted; of packages.yaml, whose closures it carries */
	struct kb_value *variables; /* site's, overlaid with the role's */
	struct kb_step *steps;      /* all phases, install first */
	size_t n_steps;
	struct kb_pos pos;
};

/* A payload file as it was when it was checked. */
struct kb_payload_file {
	char *path; /* below the payload folder */
	struct kb_digest digest;
};

struct kb_site {
	char *dir;     /* as given */
	char *payload; /* payload folder beside it */
	char *product, *version, *channel, *arch, *network, *mirror, *inventory_file;
	uint64_t epoch, counter, not_before, not_after;
	struct kb_os *os;
	size_t n_os;
	struct kb_value *variables;
	bool credentials_least;            /* roles get what they name, not whole files */
	struct kb_credential *credentials; /* sorted: all of credentials.yaml */
	size_t n_credentials;
	bool credentials_refused; /* the file is there and was not understood */
	struct kb_inventory *inventory;
	struct kb_buf inventory_text; /* the bytes that are carried */
	char *images_file;
	struct kb_image_source *images; /* sorted by name */
	size_t n_images;
	struct kb_packages *packages;   /* NULL: there is no packages.yaml */
	struct kb_pinned_files *pinned; /* NULL: there is no files.yaml */
	struct kb_role *roles;          /* sorted by name */
	size_t n_roles;
	struct kb_payload_file *checked; /* sorted by path: all that roles carry */
	size_t n_checked;
};

/* Load and check DIR; payload is DIR/../payload. On errors they are in DIAG
 * (sorted by file and place) and the result is KB_E_INVALID; a missing folder
 * is KB_E_MISSING. */
int kb_site_load(const char *dir, struct kb_site **ret_site, struct kb_diag *diag,
		 struct kb_err *err);
void kb_site_free(struct kb_site *site);

const struct kb_image_source *kb_site_image(const struct kb_site *site, const char *name);
const struct kb_role *kb_site_role(const struct kb_site *site, const char *name);

/* Append to BUF the payload file PATH that a role carries. KB_E_INVALID when it
 * is not the file that was checked: somebody writes there. */
int kb_site_payload_read(const struct kb_site *site, const char *path, struct kb_buf *buf,
			 struct kb_err *err);

/* kb_err_wrap for trouble with what stands at POS: "FILE:LINE:COLUMN: what was
 * being done: " goes before the text. */
int kb_site_wrap(const struct kb_pos *pos, struct kb_err *err, const char *fmt, ...)
	KB_PRINTF(3, 4);

#endif
