#include "builder/rebuild_site.h"

#include <stdlib.h>
#include <string.h>

#include "builder/compose.h"

static int load(const char *dir, struct kb_site **ret_site, struct kb_lock **ret_lock,
		struct kb_err *err)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	int rc = kb_site_load(dir, ret_site, &diag, err);

	if (rc == 0)
		rc = kb_lock_load(*ret_site, ret_lock, err);
	if (rc == 0)
		rc = kb_lock_compare(*ret_lock, *ret_site, &diag, err);
	if (kb_diag_count(&diag))
		kb_diag_print(&diag, stderr);
	return rc;
}

/* All of them, because each names the set it belongs to. */
static int compose_all(const struct kb_site *site, const struct kb_lock *lock,
		       struct kb_store *store, struct kb_manifest **manifests, struct kb_err *err)
{
	struct kb_digest set;

	for (size_t i = 0; i < site->n_roles; i++) {
		int rc = kb_compose(site, lock, store, &site->roles[i], &manifests[i], err);

		if (rc < 0)
			return rc;
	}
	kb_release_set(manifests, site->n_roles, &set);
	for (size_t i = 0; i < site->n_roles; i++)
		manifests[i]->release_set = set;
	return 0;
}

int kb_rebuild_compose(const char *site_dir, struct kb_store *store, const char *role,
		       struct kb_manifest **ret_m, struct kb_err *err)
{
	struct kb_manifest **manifests = NULL;
	struct kb_site *site = NULL;
	kb_autolock struct kb_lock *lock = NULL;
	int rc = load(site_dir, &site, &lock, err);
	size_t n = rc == 0 ? site->n_roles : 0;

	if (rc == 0 && !kb_site_role(site, role))
		rc = kb_err_set(err, KB_E_INVALID, "the site %s has no role %s", site_dir, role);
	if (rc == 0) {
		manifests = kb_alloc(n, sizeof(*manifests));
		rc = compose_all(site, lock, store, manifests, err);
	}
	if (rc == 0)
		*ret_m = kb_steal(manifests[kb_site_role(site, role) - site->roles]);
	for (size_t i = 0; manifests && i < n; i++)
		kb_manifest_free(manifests[i]);
	free(manifests);
	kb_site_free(site);
	return rc;
}
