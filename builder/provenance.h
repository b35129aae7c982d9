/* How a release was made, as an in-toto Statement (v1) with SLSA provenance
 * (v1): which files came out, from which lock, host program, libraries and,
 * where the site is in git, commit. No clock and no machine is in it: the same
 * sources give the same statement. It is vouched for by SHA256SUMS.
 */
#ifndef BUILDER_PROVENANCE_H
#define BUILDER_PROVENANCE_H

#include "builder/site.h"
#include "builder/store.h"

#define KB_PROVENANCE_FILE "provenance.intoto.json"

struct kb_provenance {
	const struct kb_site *site;
	struct kb_store *store;
	const struct kb_key *signer;          /* of the bundles */
	struct kb_manifest *const *manifests; /* of all roles, n_roles of the site.. */
	const bool *built;                    /* ..of which these are in the folder now */
};

/* Write DIR/provenance.intoto.json. Its subjects are the bundles that were
 * built, and those of other roles that lie in DIR from an earlier run and are
 * of the same release by the same host program and level. */
int kb_provenance_write(const struct kb_provenance *p, const char *dir, struct kb_err *err);

#endif
