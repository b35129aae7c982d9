/* The only place where the names of packages.yaml are resolved. */
#include <stdlib.h>
#include <string.h>

#include "builder/apt.h"
#include "builder/packages_lock.h"
#include "builder/packages_older.h"

/* What every installation of a release has, on which a bundle can be used at
 * all: the essential packages, apt, and all that these need. Priority
 * `required` says more than that, and images of hosts are made without it. */
static const char *const minimal = "apt";

static char *joined(const struct kb_strings *words)
{
	struct kb_buf text = KB_BUF_INIT;

	for (size_t i = 0; i < words->n; i++)
		kb_buf_printf(&text, "%s%s", i ? " " : "", words->v[i]);
	return kb_buf_steal(&text);
}

static bool has(const struct kb_strings *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++)
		if (strcmp(words->v[i], word) == 0)
			return true;
	return false;
}

/* Take over what is new of DEB. */
static int add_deb(struct kb_debs *debs, struct kb_deb *deb, struct kb_err *err)
{
	const struct kb_deb *old = kb_debs_find(debs, deb->name);

	if (old && !kb_digest_eq(&old->sha256, &deb->sha256))
		return kb_err_set(err, KB_E_DEPENDENCY, "%s: two groups need version %s and %s",
				  deb->name, old->version, deb->version);
	if (old)
		return 0;
	*kb_debs_add(debs) = *deb;
	memset(deb, 0, sizeof(*deb));
	return 0;
}

/* What is named is carried, even where every host should have it already: the
 * plan of the host compares versions. */
static int resolve_group(struct kb_apt *apt, const struct kb_package_group *group,
			 const struct kb_strings *names, const struct kb_debs *base,
			 struct kb_locked_release *release, struct kb_err *err)
{
	struct kb_debs full __attribute__((cleanup(kb_debs_free))) = {NULL, 0, 0};
	struct kb_locked_group *to = &release->groups[release->n_groups++];
	kb_autofree bool *carried = NULL;
	int rc = kb_apt_closure(apt, names->v, names->n, &full, err);

	to->name = kb_strdup(group->name);
	for (size_t i = 0; rc == 0 && i < names->n; i++)
		if (!kb_debs_find(&full, names->v[i]))
			rc = kb_err_set(
				err, KB_E_DEPENDENCY,
				"%s is not the name of a package; name one that provides it",
				names->v[i]);
	carried = kb_alloc(full.n, sizeof(*carried));
	for (size_t i = 0; i < full.n; i++)
		carried[i] = !kb_debs_find(base, full.v[i].name) || has(names, full.v[i].name);
	if (rc == 0)
		rc = kb_packages_older(apt, &full, base, carried, err);
	for (size_t i = 0; rc == 0 && i < full.n; i++) {
		if (!carried[i])
			continue;
		kb_site_load_strings_add(&to->members, full.v[i].name);
		rc = add_deb(&release->entry.packages, &full.v[i], err);
	}
	kb_site_load_strings_sort(&to->members);
	return rc < 0 ? kb_site_wrap(&group->pos, err, "packages of %s: group %s",
				     release->entry.name, group->name)
		      : 0;
}

static int resolve(struct kb_apt *apt, const struct kb_packages *p, size_t at,
		   struct kb_locked_release *release, struct kb_err *err)
{
	struct kb_debs base __attribute__((cleanup(kb_debs_free))) = {NULL, 0, 0};
	char *words[] = {(char *)(uintptr_t)minimal};
	int rc = kb_apt_closure(apt, words, 1, &base, err);

	if (rc < 0)
		return kb_site_wrap(&p->releases[at].pos, err, "packages of %s",
				    release->entry.name);
	release->groups = kb_alloc(p->n_groups, sizeof(*release->groups));
	for (size_t i = 0; rc == 0 && i < p->n_groups; i++)
		if (p->groups[i].names[at].n)
			rc = resolve_group(apt, &p->groups[i], &p->groups[i].names[at], &base,
					   release, err);
	kb_debs_sort(&release->entry.packages);
	return rc;
}

int kb_packages_resolve(const struct kb_site *site, size_t at, struct kb_store *store,
			struct kb_locked_release *ret_release, struct kb_err *err)
{
	const struct kb_target_release *target = &site->packages->releases[at];
	kb_autofree char *components = joined(&target->components);
	const struct kb_apt_source source = {.suite = target->suite,
					     .mirror = target->mirror,
					     .arch = site->arch,
					     .keyring = target->keyring,
					     .components = components};
	struct kb_locked_release release = {
		.entry = {.name = kb_strdup(target->name), .kind = KB_SOURCE_DEBIAN}};
	struct kb_apt *apt = NULL;
	int rc = kb_apt_open(store, &source, &apt, err);

	if (rc < 0)
		kb_site_wrap(&target->pos, err, "packages of %s", target->name);
	release.entry.suite = kb_strdup(target->suite);
	release.entry.mirror = kb_strdup(target->mirror);
	kb_packages_inputs(site->packages, at, site->arch, &release.entry.inputs);
	if (rc == 0) {
		release.entry.security = kb_strdup(kb_apt_security(apt));
		rc = resolve(apt, site->packages, at, &release, err);
	}
	kb_apt_close(apt);
	if (rc < 0) {
		kb_locked_release_free(&release);
		return rc;
	}
	*ret_release = release;
	return 0;
}
