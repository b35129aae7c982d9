#include "builder/lock_change.h"

#include <string.h>

#include "core/mem.h"

static char *nothing(void)
{
	return kb_strdup("");
}

static char *differs(const char *what, const char *now, const char *locked)
{
	return kb_format(": %s is %s, locked is %s", what, now, locked);
}

static bool is_locked(const struct kb_lock_entry *locked, const char *name)
{
	return kb_debs_find(&locked->base, name) || kb_debs_find(&locked->packages, name);
}

static const char *first_new(const struct kb_lock_entry *locked, const struct kb_strings *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (!is_locked(locked, names->v[i]))
			return names->v[i];
	return NULL;
}

static char *debian_change(const char *suite, const char *mirror,
			   const struct kb_lock_entry *locked)
{
	if (strcmp(suite, locked->suite) != 0)
		return differs("suite", suite, locked->suite);
	if (strcmp(mirror, locked->mirror) != 0)
		return differs("mirror", mirror, locked->mirror);
	return NULL;
}

static char *recipe_change(const struct kb_image_source *source, const struct kb_lock_entry *locked)
{
	char *text = debian_change(source->suite, source->mirror, locked);
	const char *name = first_new(locked, &source->base);

	if (text)
		return text;
	if (!name)
		name = first_new(locked, &source->packages);
	return name ? kb_format(": package %s is new", name) : nothing();
}

char *kb_lock_change(const struct kb_image_source *source, const struct kb_lock_entry *locked)
{
	if (source->kind != locked->kind)
		return kb_strdup(": it has another kind of source");
	if (source->kind == KB_SOURCE_DEBIAN)
		return recipe_change(source, locked);
	if (strcmp(source->reference, locked->reference) != 0)
		return differs(source->kind == KB_SOURCE_REGISTRY ? "reference" : "path",
			       source->reference, locked->reference);
	if (source->kind == KB_SOURCE_ARCHIVE && *source->sha256 &&
	    strcmp(source->sha256, kb_digest_hex(&locked->file)) != 0)
		return differs("sha256", source->sha256, kb_digest_hex(&locked->file));
	return nothing();
}

char *kb_packages_lock_change(const struct kb_packages *packages, size_t release,
			      const struct kb_locked_release *locked)
{
	const struct kb_target_release *r = &packages->releases[release];
	char *text = debian_change(r->suite, r->mirror, &locked->entry);

	for (size_t i = 0; !text && i < packages->n_groups; i++) {
		const struct kb_package_group *group = &packages->groups[i];
		const char *name = first_new(&locked->entry, &group->names[release]);

		if (name)
			text = kb_format(": package %s of group %s is new", name, group->name);
	}
	return text ? text : nothing();
}
