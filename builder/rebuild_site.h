/* The manifest that a site gives for a role today, from manifests, lock,
 * payload and store: what `rebuild --from-site` compares with. */
#ifndef BUILDER_REBUILD_SITE_H
#define BUILDER_REBUILD_SITE_H

#include "builder/store.h"
#include "core/manifest.h"

/* With its release set; the storage part is not filled. */
int kb_rebuild_compose(const char *site_dir, struct kb_store *store, const char *role,
		       struct kb_manifest **ret_m, struct kb_err *err);

#endif
