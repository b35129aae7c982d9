#include "builder/packages_carry.h"

#include <stdlib.h>
#include <string.h>

#include "builder/packages_index.h"
#include "core/format.h"

static bool is_member(const struct kb_locked_release *locked, const struct kb_role *role,
		      const char *name)
{
	for (size_t i = 0; i < locked->n_groups; i++) {
		const struct kb_locked_group *group = &locked->groups[i];
		bool ours = false;

		for (size_t j = 0; j < role->groups.n; j++)
			ours = ours || strcmp(role->groups.v[j], group->name) == 0;
		for (size_t j = 0; ours && j < group->members.n; j++)
			if (strcmp(group->members.v[j], name) == 0)
				return true;
	}
	return false;
}

static int carry_release(const struct kb_locked_release *locked, struct kb_store *store,
			 const struct kb_role *role, struct kb_carried_release *to,
			 struct kb_err *err)
{
	const struct kb_debs *debs = &locked->entry.packages;

	to->name = locked->entry.name;
	to->debs = kb_alloc(debs->n, sizeof(*to->debs));
	kb_buf_puts(&to->index, "");
	for (size_t i = 0; i < debs->n; i++) {
		int rc;

		if (!is_member(locked, role, debs->v[i].name))
			continue;
		to->debs[to->n++] = &debs->v[i];
		rc = kb_packages_index_add(store, &debs->v[i], &to->index, err);
		if (rc < 0)
			return kb_err_wrap(err, "packages of %s", to->name);
	}
	return 0;
}

static int check_count(const struct kb_carried *carried, struct kb_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < carried->n; i++)
		n += carried->releases[i].n;
	return n <= KB_PACKAGES_MAX ? 0
				    : kb_err_set(err, KB_E_INVALID, "%zu packages, at most %d", n,
						 KB_PACKAGES_MAX);
}

int kb_carried_make(const struct kb_site *site, const struct kb_packages_lock *lock,
		    struct kb_store *store, const struct kb_role *role,
		    struct kb_carried *ret_carried, struct kb_err *err)
{
	const struct kb_packages *p = site->packages;
	struct kb_carried carried = {NULL, 0};
	int rc = 0;

	if (p && role->groups.n)
		carried.releases = kb_alloc(p->n_releases, sizeof(*carried.releases));
	for (size_t i = 0; rc == 0 && carried.releases && i < p->n_releases; i++) {
		const struct kb_locked_release *locked =
			kb_packages_lock_find(lock, p->releases[i].name);

		if (p->releases[i].accepted && locked)
			rc = carry_release(locked, store, role, &carried.releases[carried.n++],
					   err);
	}
	if (rc == 0)
		rc = check_count(&carried, err);
	if (rc < 0)
		kb_carried_free(&carried);
	else
		*ret_carried = carried;
	return rc;
}

void kb_carried_free(struct kb_carried *carried)
{
	for (size_t i = 0; i < carried->n; i++) {
		free(carried->releases[i].debs);
		kb_buf_free(&carried->releases[i].index);
	}
	free(carried->releases);
	carried->releases = NULL;
	carried->n = 0;
}

bool kb_carried_has(const struct kb_carried *carried, const char *arg)
{
	for (size_t i = 0; i < carried->n; i++) {
		const struct kb_carried_release *release = &carried->releases[i];
		size_t len = strlen(release->name);

		if (strncmp(release->name, arg, len) != 0 || arg[len] != '/')
			continue;
		for (size_t j = 0; j < release->n; j++)
			if (strcmp(release->debs[j]->name, arg + len + 1) == 0)
				return true;
	}
	return false;
}
