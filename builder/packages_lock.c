#include "builder/packages_lock.h"

#include <stdlib.h>
#include <string.h>

#include "builder/lock_change.h"
#include "builder/lock_fields.h"
#include "builder/lock_file.h"
#include "core/file.h"
#include "core/packages.h"

/* ---- the value ---- */

struct kb_packages_lock *kb_packages_lock_new(const char *arch)
{
	struct kb_packages_lock *lock = kb_alloc(1, sizeof(*lock));

	lock->arch = kb_strdup(arch);
	return lock;
}

void kb_locked_release_free(struct kb_locked_release *release)
{
	for (size_t i = 0; i < release->n_groups; i++) {
		free(release->groups[i].name);
		kb_site_load_strings_free(&release->groups[i].members);
	}
	free(release->groups);
	kb_lock_entry_free(&release->entry);
	memset(release, 0, sizeof(*release));
}

void kb_packages_lock_free(struct kb_packages_lock *lock)
{
	if (!lock)
		return;
	for (size_t i = 0; i < lock->n; i++)
		kb_locked_release_free(&lock->releases[i]);
	free(lock->releases);
	free(lock->arch);
	free(lock);
}

void kb_packages_lock_cleanup(struct kb_packages_lock **lock)
{
	kb_packages_lock_free(*lock);
}

const struct kb_locked_release *kb_packages_lock_find(const struct kb_packages_lock *lock,
						      const char *release)
{
	for (size_t i = 0; i < lock->n; i++)
		if (strcmp(lock->releases[i].entry.name, release) == 0)
			return &lock->releases[i];
	return NULL;
}

void kb_packages_lock_put(struct kb_packages_lock *lock, struct kb_locked_release *release)
{
	lock->releases = kb_realloc(lock->releases, lock->n + 1, sizeof(*lock->releases));
	lock->releases[lock->n++] = *release;
	memset(release, 0, sizeof(*release));
}

void kb_locked_release_copy(const struct kb_locked_release *from,
			    struct kb_locked_release *ret_release)
{
	struct kb_locked_release copy = {.n_groups = from->n_groups};

	kb_lock_entry_copy(&from->entry, &copy.entry);
	copy.groups = kb_alloc(from->n_groups, sizeof(*copy.groups));
	for (size_t i = 0; i < from->n_groups; i++) {
		copy.groups[i].name = kb_strdup(from->groups[i].name);
		for (size_t j = 0; j < from->groups[i].members.n; j++)
			kb_site_load_strings_add(&copy.groups[i].members,
						 from->groups[i].members.v[j]);
	}
	*ret_release = copy;
}

/* ---- inputs ---- */

void kb_packages_inputs(const struct kb_packages *packages, size_t release, const char *arch,
			struct kb_digest *ret_inputs)
{
	const struct kb_target_release *r = &packages->releases[release];
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;

	kb_buf_printf(&buf, "packages 1\narch %s\nsuite %s\nmirror %s\nkeyring %s\n", arch,
		      r->suite, r->mirror, r->keyring);
	kb_lock_add_words(&buf, "component", &r->components);
	for (size_t i = 0; i < packages->n_groups; i++) {
		const struct kb_package_group *group = &packages->groups[i];

		if (!group->names[release].n)
			continue;
		kb_buf_printf(&buf, "group %s\n", group->name);
		kb_lock_add_words(&buf, "package", &group->names[release]);
	}
	kb_digest_of(buf.data, buf.len, ret_inputs);
}

static void report_change(const struct kb_packages *packages, size_t at,
			  const struct kb_locked_release *locked, struct kb_diag *diag)
{
	kb_autofree char *change = kb_packages_lock_change(packages, at, locked);
	const struct kb_target_release *release = &packages->releases[at];

	kb_diag_add(diag, release->pos.file, release->pos.line, release->pos.column,
		    "packages of %s were changed after they were locked%s; run: keybuzz-bundle "
		    "lock",
		    release->name, change);
}

void kb_packages_lock_compare(const struct kb_packages_lock *lock, const struct kb_site *site,
			      struct kb_diag *diag)
{
	kb_autofree char *file = kb_format("%s/" KB_PACKAGES_LOCK_FILE, site->dir);
	const struct kb_packages *p = site->packages;

	for (size_t i = 0; i < p->n_releases; i++) {
		const struct kb_target_release *release = &p->releases[i];
		const struct kb_locked_release *locked = kb_packages_lock_find(lock, release->name);
		struct kb_digest inputs;

		kb_packages_inputs(p, i, site->arch, &inputs);
		if (!locked && !release->declared)
			kb_diag_add(diag, release->pos.file, release->pos.line, release->pos.column,
				    "packages of %s are not locked; run: keybuzz-bundle lock",
				    release->name);
		else if (locked && !kb_digest_eq(&inputs, &locked->entry.inputs))
			report_change(p, i, locked, diag);
	}
	for (size_t i = 0; i < lock->n; i++)
		if (kb_packages_release(p, lock->releases[i].entry.name) < 0)
			kb_diag_add(diag, file, lock->releases[i].entry.line, 3,
				    "%s is locked but not in " KB_PACKAGES_FILE
				    "; run: keybuzz-bundle lock",
				    lock->releases[i].entry.name);
}

/* ---- writing ---- */

void kb_locked_release_text(const struct kb_locked_release *release, struct kb_buf *buf)
{
	const struct kb_lock_entry *e = &release->entry;

	kb_buf_printf(buf, "    suite: %s\n", e->suite);
	kb_lock_add_quoted(buf, "    ", "mirror", e->mirror);
	if (*e->security)
		kb_lock_add_quoted(buf, "    ", "security", e->security);
	kb_buf_printf(buf, "    groups:%s\n", release->n_groups ? "" : " {}");
	for (size_t i = 0; i < release->n_groups; i++) {
		const struct kb_locked_group *group = &release->groups[i];

		kb_buf_printf(buf, "      %s:%s\n", group->name, group->members.n ? "" : " []");
		for (size_t j = 0; j < group->members.n; j++)
			kb_buf_printf(buf, "        - %s\n", group->members.v[j]);
	}
	kb_buf_printf(buf, "    packages:%s\n", e->packages.n ? "" : " []");
	kb_debs_text(&e->packages, "      ", buf);
}

void kb_packages_lock_text(const struct kb_packages_lock *lock, struct kb_buf *buf)
{
	kb_buf_puts(buf,
		    "# What the names of packages.yaml resolved to. Written by `keybuzz-bundle "
		    "lock`:\n"
		    "# review it and commit it with a release, but change packages.yaml, not "
		    "this.\n"
		    "# A group lists what it needs beyond a minimal installation; packages are\n"
		    "# NAME VERSION ARCHITECTURE SIZE SHA256 PATH (below the mirror).\n");
	kb_buf_printf(buf, "arch: %s\nreleases:%s\n", lock->arch, lock->n ? "" : " {}");
	for (size_t i = 0; i < lock->n; i++) {
		const struct kb_lock_entry *e = &lock->releases[i].entry;

		kb_buf_printf(buf, "  %s:\n    inputs: %s\n", e->name, kb_digest_hex(&e->inputs));
		kb_locked_release_text(&lock->releases[i], buf);
	}
}

int kb_packages_lock_save(const struct kb_packages_lock *lock, const struct kb_site *site,
			  struct kb_err *err)
{
	kb_autofree char *dir = kb_format("%s/lock", site->dir);
	kb_autofree char *path = kb_format("%s/" KB_PACKAGES_LOCK_FILE, site->dir);
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	int rc = kb_mkdirs(dir, 0755, err);

	if (rc < 0)
		return rc;
	kb_packages_lock_text(lock, &text);
	return kb_file_replace(path, text.data, text.len, 0644, err);
}

/* ---- reading ---- */

static void check_members(const struct kb_schema *in, const struct kb_yaml_member *m,
			  const struct kb_debs *debs, const struct kb_locked_group *group)
{
	for (size_t i = 0; i < group->members.n; i++) {
		const char *name = group->members.v[i];

		if (!kb_debs_find(debs, name))
			kb_diag_add(in->diag, in->file, m->line, m->column,
				    "%s: \"packages\" has no %.100s", m->key, name);
		if (i && strcmp(group->members.v[i - 1], name) >= 0)
			kb_diag_add(in->diag, in->file, m->line, m->column,
				    "%s: %.100s is out of order; run: keybuzz-bundle lock --update",
				    m->key, name);
	}
}

static void read_groups(const struct kb_schema *in, const struct kb_yaml_node *node,
			struct kb_locked_release *release)
{
	struct kb_schema_map map;

	if (!kb_schema_open(in, node, "groups", &map))
		return;
	release->groups = kb_alloc(map.node->n, sizeof(*release->groups));
	for (size_t i = 0; i < map.node->n; i++) {
		const struct kb_yaml_member *m = &map.node->members[i];
		struct kb_locked_group *group = &release->groups[release->n_groups++];

		map.taken[i] = true;
		group->name = kb_strdup(m->key);
		group->members =
			kb_site_load_words(&map, m->key, kb_packages_is_name, "a package name");
		check_members(in, m, &release->entry.packages, group);
	}
	kb_schema_close(&map);
}

static void read_release(const struct kb_schema *in, const struct kb_yaml_member *m,
			 struct kb_packages_lock *lock)
{
	struct kb_locked_release release = {
		.entry = {.name = kb_strdup(m->key), .kind = KB_SOURCE_DEBIAN, .line = m->line}};
	struct kb_lock_entry *e = &release.entry;
	struct kb_schema_map map;

	kb_schema_open(in, m->value, "release", &map);
	kb_lock_take_digest(&map, "inputs", &e->inputs);
	e->suite = kb_schema_word(&map, "suite", NULL, kb_lock_is_word, "a suite");
	e->mirror = kb_schema_word(&map, "mirror", NULL, kb_lock_is_url, "a http URL");
	e->security = kb_schema_has(&map, "security")
			      ? kb_schema_word(&map, "security", NULL, kb_lock_is_url, "a http URL")
			      : kb_strdup("");
	kb_lock_take_debs(&map, "packages", &e->packages);
	read_groups(in, kb_schema_need(&map, "groups"), &release);
	kb_schema_close(&map);
	if (lock->n && strcmp(lock->releases[lock->n - 1].entry.name, e->name) >= 0)
		kb_diag_add(in->diag, in->file, m->line, m->column,
			    "%.100s is out of order; remove the file and run: keybuzz-bundle lock",
			    e->name);
	kb_packages_lock_put(lock, &release);
}

static void read_lock(void *ctx, const struct kb_schema *in, const struct kb_yaml_node *root)
{
	struct kb_packages_lock *lock = ctx;
	struct kb_schema_map map, releases;

	kb_schema_open(in, root, "the lock", &map);
	lock->arch = kb_schema_word(&map, "arch", NULL, kb_lock_is_word, "an architecture");
	if (kb_schema_open(in, kb_schema_need(&map, "releases"), "releases", &releases)) {
		for (size_t i = 0; i < releases.node->n; i++) {
			releases.taken[i] = true;
			read_release(in, &releases.node->members[i], lock);
		}
	}
	kb_schema_close(&releases);
	kb_schema_close(&map);
}

int kb_packages_lock_load(const struct kb_site *site, struct kb_packages_lock **ret_lock,
			  struct kb_err *err)
{
	kb_autopackageslock struct kb_packages_lock *lock = kb_alloc(1, sizeof(*lock));
	int rc = kb_lock_file_read(site, KB_PACKAGES_LOCK_FILE, read_lock, lock, err);

	if (rc == 0)
		*ret_lock = kb_steal(lock);
	return rc;
}
