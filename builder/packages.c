#include "builder/packages.h"

#include <stdlib.h>
#include <string.h>

#include "builder/site_settings.h"
#include "core/name.h"
#include "core/packages.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

#define DEBIAN_KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"

enum { RELEASES_MAX = 32 };

/* "debian-13", "ubuntu-24.04": the last "-" separates. It is a folder's name,
 * too. */
static bool is_release(const char *text)
{
	const char *dash = strrchr(text, '-');
	size_t id = strspn(text, LOWER DIGITS "-"), version;

	if (!dash || dash == text || strlen(text) > KB_NAME_ID_MAX || text[0] == '-')
		return false;
	version = strspn(dash + 1, DIGITS ".");
	return id > (size_t)(dash - text) && version && !dash[1 + version] && dash[1] != '.' &&
	       dash[version] != '.' && !strstr(dash, "..");
}

static bool is_suite(const char *text)
{
	return strspn(text, LOWER DIGITS "-") == strlen(text);
}

/* It becomes a word of apt's sources. */
static bool is_keyring(const char *text)
{
	return text[0] == '/' && kb_name_check_relative(text + 1, NULL) == 0 &&
	       !strpbrk(text, " \t\"'\\#");
}

static bool is_component(const char *text)
{
	return text[0] != '-' && strspn(text, LOWER DIGITS "-") == strlen(text);
}

static bool is_accepted(const struct kb_site *site, const char *release)
{
	const char *dash = strrchr(release, '-');
	size_t len = dash ? (size_t)(dash - release) : 0;

	for (size_t i = 0; dash && i < site->n_os; i++) {
		const struct kb_os *os = &site->os[i];

		if (strlen(os->id) == len && strncmp(os->id, release, len) == 0 &&
		    kb_site_settings_version_cmp(dash + 1, os->min) >= 0 &&
		    kb_site_settings_version_cmp(dash + 1, os->max) <= 0)
			return true;
	}
	return false;
}

static void load_release(const struct kb_site_load *l, const struct kb_schema *in,
			 const struct kb_yaml_member *m, struct kb_target_release *release)
{
	struct kb_schema_map map;

	release->name = kb_strdup(m->key);
	release->pos = (struct kb_pos){in->file, m->line, m->column};
	if (!is_release(m->key))
		kb_diag_add(in->diag, in->file, m->line, m->column,
			    "\"%.100s\" is not a release like debian-13: ID and VERSION_ID of "
			    "os-release",
			    m->key);
	kb_schema_open(in, m->value, "release", &map);
	release->suite = kb_schema_word(&map, "suite", NULL, is_suite, "a suite like trixie");
	release->mirror = kb_schema_word(&map, "mirror", l->site->mirror,
					 kb_site_settings_is_mirror, "an address of a mirror");
	release->keyring = kb_schema_word(&map, "keyring", DEBIAN_KEYRING, is_keyring,
					  "an absolute path of a keyring");
	release->components =
		kb_site_load_words(&map, "components", is_component, "a component like main");
	if (!release->components.n)
		kb_site_load_strings_add(&release->components, "main");
	release->declared = kb_schema_bool(&map, "declared", false);
	release->accepted = is_release(m->key) && is_accepted(l->site, m->key);
	if (map.node && !release->mirror[0] && l->site->product[0])
		kb_schema_fault(in, m->value, "site.yaml names no mirror, and this release none");
	kb_schema_close(&map);
}

static int by_release(const void *a, const void *b)
{
	return strcmp(((const struct kb_target_release *)a)->name,
		      ((const struct kb_target_release *)b)->name);
}

static void load_releases(const struct kb_site_load *l, struct kb_schema_map *top,
			  struct kb_packages *p)
{
	struct kb_schema_map map;

	if (!kb_schema_open(top->in, kb_schema_need(top, "releases"), "releases", &map))
		return;
	if (map.node->n > RELEASES_MAX)
		kb_schema_fault(top->in, map.node, "releases: %zu, at most %d", map.node->n,
				RELEASES_MAX);
	p->releases = kb_alloc(map.node->n, sizeof(*p->releases));
	for (size_t i = 0; i < map.node->n; i++) {
		map.taken[i] = true;
		load_release(l, top->in, &map.node->members[i], &p->releases[p->n_releases++]);
	}
	kb_schema_close(&map);
	if (p->n_releases)
		qsort(p->releases, p->n_releases, sizeof(*p->releases), by_release);
}

static void report_unknown_release(const struct kb_schema *in, const struct kb_yaml_member *m,
				   const struct kb_packages *p)
{
	kb_autofree const char **names = kb_alloc(p->n_releases, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < p->n_releases; i++)
		names[i] = p->releases[i].name;
	near = kb_schema_nearest(m->key, names, p->n_releases);
	kb_diag_add(in->diag, in->file, m->line, m->column, "\"releases\" has no \"%.100s\"%s%s%s",
		    m->key, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void load_names(struct kb_schema_map *map, const struct kb_yaml_member *m,
		       struct kb_strings *names)
{
	*names = kb_site_load_words(map, m->key, kb_packages_is_name, "a package name");
	kb_site_load_strings_sort(names);
	if (m->value->kind == KB_YAML_LIST && m->value->n == 0)
		kb_schema_fault(map->in, m->value, "%s: the list is empty", m->key);
}

static void load_group(const struct kb_schema *in, const struct kb_yaml_member *m,
		       const struct kb_packages *p, struct kb_package_group *group)
{
	struct kb_schema_map map;

	group->name = kb_strdup(m->key);
	group->pos = (struct kb_pos){in->file, m->line, m->column};
	group->names = kb_alloc(p->n_releases, sizeof(*group->names));
	if (!kb_site_load_is_id(m->key))
		kb_diag_add(in->diag, in->file, m->line, m->column,
			    "\"%.100s\" is not a name; use a-z, 0-9 and -", m->key);
	kb_schema_open(in, m->value, "group", &map);
	for (size_t i = 0; map.node && i < map.node->n; i++) {
		const struct kb_yaml_member *list = &map.node->members[i];
		long release = kb_packages_release(p, list->key);

		map.taken[i] = true;
		if (release < 0)
			report_unknown_release(in, list, p);
		else
			load_names(&map, list, &group->names[release]);
	}
	kb_schema_close(&map);
}

static int by_group(const void *a, const void *b)
{
	return strcmp(((const struct kb_package_group *)a)->name,
		      ((const struct kb_package_group *)b)->name);
}

static void load_groups(struct kb_schema_map *top, struct kb_packages *p)
{
	struct kb_schema_map map;

	if (!kb_schema_open(top->in, kb_schema_need(top, "groups"), "groups", &map))
		return;
	p->groups = kb_alloc(map.node->n, sizeof(*p->groups));
	for (size_t i = 0; i < map.node->n; i++) {
		map.taken[i] = true;
		load_group(top->in, &map.node->members[i], p, &p->groups[p->n_groups++]);
	}
	kb_schema_close(&map);
	if (p->n_groups)
		qsort(p->groups, p->n_groups, sizeof(*p->groups), by_group);
}

void kb_packages_take(struct kb_site_load *l, const struct kb_yaml_node *root)
{
	struct kb_packages *p = l->site->packages = kb_alloc(1, sizeof(*p));
	struct kb_schema_map top;
	struct kb_schema in;

	p->file = kb_site_load_shown(l, KB_PACKAGES_FILE);
	in = (struct kb_schema){p->file, l->diag};
	kb_schema_open(&in, root, KB_PACKAGES_FILE, &top);
	if (top.node) {
		load_releases(l, &top, p);
		load_groups(&top, p);
	}
	kb_schema_close(&top);
}

void kb_packages_free(struct kb_packages *packages)
{
	if (!packages)
		return;
	for (size_t i = 0; i < packages->n_groups; i++) {
		struct kb_package_group *group = &packages->groups[i];

		for (size_t j = 0; j < packages->n_releases; j++)
			kb_site_load_strings_free(&group->names[j]);
		free(group->names);
		free(group->name);
	}
	for (size_t i = 0; i < packages->n_releases; i++) {
		struct kb_target_release *release = &packages->releases[i];

		free(release->name);
		free(release->suite);
		free(release->mirror);
		free(release->keyring);
		kb_site_load_strings_free(&release->components);
	}
	free(packages->groups);
	free(packages->releases);
	free(packages->file);
	free(packages);
}

long kb_packages_release(const struct kb_packages *packages, const char *name)
{
	for (size_t i = 0; packages && i < packages->n_releases; i++)
		if (strcmp(packages->releases[i].name, name) == 0)
			return (long)i;
	return -1;
}

const struct kb_package_group *kb_packages_group(const struct kb_packages *packages,
						 const char *name)
{
	for (size_t i = 0; packages && i < packages->n_groups; i++)
		if (strcmp(packages->groups[i].name, name) == 0)
			return &packages->groups[i];
	return NULL;
}

/* ---- steps ---- */

static void report_unknown_group(const struct kb_schema *in, const struct kb_yaml_node *node,
				 const struct kb_packages *p, const char *name)
{
	size_t n = p ? p->n_groups : 0;
	kb_autofree const char **names = kb_alloc(n, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < n; i++)
		names[i] = p->groups[i].name;
	near = kb_schema_nearest(name, names, n);
	kb_schema_fault(in, node, "packages: " KB_PACKAGES_FILE " has no group \"%.100s\"%s%s%s",
			name, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* What GROUP has for every release that a bundle of this site accepts. */
static void add_group(const struct kb_schema *in, const struct kb_yaml_node *node,
		      const struct kb_packages *p, const struct kb_package_group *group,
		      struct kb_strings *args)
{
	for (size_t i = 0; i < p->n_releases; i++) {
		const struct kb_target_release *release = &p->releases[i];

		if (!release->accepted)
			continue;
		if (!group->names[i].n)
			kb_schema_fault(in, node,
					"packages: group \"%s\" has no names for %s, which "
					"site.yaml's \"os\" accepts",
					group->name, release->name);
		for (size_t j = 0; j < group->names[i].n; j++) {
			kb_autofree char *arg =
				kb_format("%s/%s", release->name, group->names[i].v[j]);

			kb_site_load_strings_add(args, arg);
		}
	}
}

static bool accepts_any(const struct kb_packages *p)
{
	for (size_t i = 0; i < p->n_releases; i++)
		if (p->releases[i].accepted)
			return true;
	return false;
}

void kb_packages_step(const struct kb_site_load *l, const struct kb_schema *in,
		      const struct kb_yaml_node *node, struct kb_role *role, struct kb_step *step)
{
	const struct kb_packages *p = l->site->packages;
	struct kb_strings args = {NULL, 0};
	const char *text;

	if (!kb_schema_as_list(in, node, "packages"))
		return;
	if (node->n == 0)
		kb_schema_fault(in, node, "packages: the list is empty");
	if (p && p->n_releases && l->site->n_os && !accepts_any(p))
		kb_schema_fault(in, node,
				"packages: " KB_PACKAGES_FILE " has no release that site.yaml's "
				"\"os\" accepts");
	for (size_t i = 0; i < node->n; i++) {
		const struct kb_yaml_node *item = node->members[i].value;
		const struct kb_package_group *group;

		if (!kb_schema_as_text(in, item, "packages", &text))
			continue;
		group = kb_packages_group(p, text);
		if (!p || !group) {
			report_unknown_group(in, item, p, text);
			continue;
		}
		kb_site_load_strings_add(&role->groups, text);
		add_group(in, item, p, group, &args);
	}
	kb_site_load_strings_sort(&args);
	kb_site_load_strings_sort(&role->groups);
	step->args = args.v;
	step->n_args = args.n;
}

void kb_packages_removes(struct kb_schema_map *map, struct kb_step *step)
{
	struct kb_strings names =
		kb_site_load_words(map, "removes", kb_packages_is_name, "a package name");
	struct kb_strings args = {step->args, step->n_args};

	for (size_t i = 0; i < names.n; i++) {
		kb_autofree char *arg = kb_format("-%s", names.v[i]);

		kb_site_load_strings_add(&args, arg);
	}
	kb_site_load_strings_free(&names);
	kb_site_load_strings_sort(&args);
	step->args = args.v;
	step->n_args = args.n;
}
