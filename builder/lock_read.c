/* Reading manifests/lock/images.yaml. The file is written by a tool and kept
 * by people: it is checked like any manifest, so that what is in a kb_lock can
 * be used in paths, URLs and argument lists. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "builder/lock_fields.h"
#include "builder/lock_file.h"
#include "builder/packages_lock.h"
#include "builder/pinned_lock.h"
#include "core/name.h"

#define DEB_SIZE_MAX (UINT64_C(4) << 30)

static bool is_made_of(const char *text, const char *others)
{
	if (!*text || *text == '-' || *text == '.')
		return false;
	for (; *text; text++)
		if (!(*text >= 'a' && *text <= 'z') && !(*text >= '0' && *text <= '9') &&
		    !strchr(others, *text))
			return false;
	return true;
}

static bool is_package(const char *text)
{
	return is_made_of(text, "+-.");
}

static bool is_version(const char *text)
{
	return is_made_of(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ+-.:~");
}

bool kb_lock_is_word(const char *text)
{
	return is_made_of(text, "-_");
}

bool kb_lock_is_url(const char *text)
{
	if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
		return false;
	for (; *text; text++)
		if (!isgraph((unsigned char)*text) || strchr("\"'\\<>[]{}|^`", *text))
			return false;
	return true;
}

static bool is_path(const char *text)
{
	return kb_name_check_relative(text, NULL) == 0;
}

static bool is_reference(const char *text)
{
	for (; *text; text++)
		if (!isgraph((unsigned char)*text))
			return false;
	return true;
}

static bool is_digest(const char *text)
{
	struct kb_digest digest;

	return kb_digest_parse(text, &digest);
}

void kb_lock_take_digest(struct kb_schema_map *map, const char *key, struct kb_digest *ret)
{
	kb_autofree char *text = kb_schema_word(map, key, NULL, is_digest, "64 hex digits");

	kb_digest_parse(text, ret); /* what is refused was reported */
}

static bool take_optional_digest(struct kb_schema_map *map, const char *key, struct kb_digest *ret)
{
	if (!kb_schema_has(map, key))
		return false;
	kb_lock_take_digest(map, key, ret);
	return true;
}

/* "NAME VERSION ARCH SIZE SHA256 PATH" into WORDS; false when it is not so. */
static bool split_words(char *text, char *words[6])
{
	for (size_t i = 0; i < 6; i++) {
		char *space = strchr(text, ' ');

		if ((space == NULL) != (i == 5))
			return false;
		words[i] = text;
		if (space)
			*space = '\0';
		text = space ? space + 1 : text;
	}
	return true;
}

static bool parse_size(const char *text, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*text || strlen(text) > 12 || strspn(text, "0123456789") != strlen(text))
		return false;
	for (; *text; text++)
		v = v * 10 + (uint64_t)(*text - '0');
	*ret = v;
	return v <= DEB_SIZE_MAX;
}

static bool parse_deb(const char *line, struct kb_deb *deb)
{
	kb_autofree char *text = kb_strdup(line);
	const char *path;
	char *w[6];

	if (!split_words(text, w))
		return false;
	deb->security = strncmp(w[5], "security:", 9) == 0;
	path = w[5] + (deb->security ? 9 : 0);
	if (!is_package(w[0]) || !is_version(w[1]) || !kb_lock_is_word(w[2]) ||
	    !parse_size(w[3], &deb->size) || !kb_digest_parse(w[4], &deb->sha256) ||
	    !is_path(path) || !is_reference(path))
		return false;
	deb->name = kb_strdup(w[0]);
	deb->version = kb_strdup(w[1]);
	deb->arch = kb_strdup(w[2]);
	deb->path = kb_strdup(path);
	return true;
}

void kb_lock_take_debs(struct kb_schema_map *map, const char *key, struct kb_debs *debs)
{
	const struct kb_yaml_node *list = kb_schema_need(map, key);
	const char *line;

	if (!list || !kb_schema_as_list(map->in, list, key))
		return;
	for (size_t i = 0; i < list->n && i < KB_LOCK_DEBS_MAX; i++) {
		const struct kb_yaml_node *node = list->members[i].value;
		struct kb_deb deb = {0};

		if (!kb_schema_as_text(map->in, node, "a package", &line))
			continue;
		if (!parse_deb(line, &deb)) {
			kb_schema_fault(map->in, node,
					"not NAME VERSION ARCHITECTURE SIZE SHA256 PATH");
			continue;
		}
		if (debs->n && strcmp(debs->v[debs->n - 1].name, deb.name) >= 0)
			kb_schema_fault(map->in, node,
					"%s is out of order; run: keybuzz-bundle "
					"lock --update",
					deb.name);
		*kb_debs_add(debs) = deb;
	}
}

static void read_debian(const struct kb_schema *in, const struct kb_yaml_node *node,
			struct kb_lock_entry *e)
{
	struct kb_schema_map map;

	kb_schema_open(in, node, "debian", &map);
	e->suite = kb_schema_word(&map, "suite", NULL, kb_lock_is_word, "a suite");
	e->mirror = kb_schema_word(&map, "mirror", NULL, kb_lock_is_url, "a http URL");
	e->security = kb_schema_has(&map, "security")
			      ? kb_schema_word(&map, "security", NULL, kb_lock_is_url, "a http URL")
			      : kb_strdup("");
	kb_lock_take_debs(&map, "base", &e->base);
	kb_lock_take_debs(&map, "packages", &e->packages);
	kb_schema_close(&map);
}

static void read_other(const struct kb_schema *in, const struct kb_yaml_node *node,
		       const char *what, struct kb_lock_entry *e)
{
	struct kb_schema_map map;

	kb_schema_open(in, node, what, &map);
	e->reference =
		e->kind == KB_SOURCE_REGISTRY
			? kb_schema_word(&map, "reference", NULL, is_reference, "a reference")
			: kb_schema_word(&map, "path", NULL, is_path, "a path");
	if (e->kind == KB_SOURCE_ARCHIVE)
		kb_lock_take_digest(&map, "sha256", &e->file);
	e->has_index = take_optional_digest(&map, "index", &e->index);
	e->has_manifest = take_optional_digest(&map, "manifest", &e->manifest);
	if (e->kind == KB_SOURCE_REGISTRY && !e->has_manifest)
		kb_schema_need(&map, "manifest");
	kb_lock_take_digest(&map, "image", &e->config);
	kb_schema_close(&map);
}

static void read_entry(const struct kb_schema *in, const struct kb_yaml_member *m,
		       struct kb_lock *lock)
{
	static const char *const kinds[] = {"debian", "registry", "archive", "oci"};
	struct kb_lock_entry e = {.name = kb_strdup(m->key), .line = m->line};
	struct kb_schema_map map;

	kb_schema_open(in, m->value, "image", &map);
	kb_lock_take_digest(&map, "inputs", &e.inputs);
	for (size_t i = 0; i < 4 && !e.kind; i++) {
		if (!kb_schema_has(&map, kinds[i]))
			continue;
		e.kind = (enum kb_source_kind)(KB_SOURCE_DEBIAN + i);
		if (e.kind == KB_SOURCE_DEBIAN)
			read_debian(in, kb_schema_take(&map, kinds[i]), &e);
		else
			read_other(in, kb_schema_take(&map, kinds[i]), kinds[i], &e);
	}
	if (!e.kind)
		kb_schema_fault(in, m->value, "none of debian, registry, archive, oci");
	kb_schema_close(&map);
	if (kb_name_check_id(e.name, NULL) < 0)
		kb_diag_add(in->diag, in->file, m->line, m->column, "not the name of an image");
	if (lock->n && strcmp(lock->entries[lock->n - 1].name, e.name) > 0)
		kb_diag_add(in->diag, in->file, m->line, m->column,
			    "%s is out of order; remove the file and run: keybuzz-bundle lock",
			    e.name);
	if (e.kind && kb_diag_count(in->diag) == 0)
		kb_lock_put(lock, &e);
	kb_lock_entry_free(&e);
}

void kb_lock_take_all(void *ctx, const struct kb_schema *in, const struct kb_yaml_node *root)
{
	struct kb_lock *lock = ctx;
	const struct kb_yaml_node *images;
	struct kb_schema_map map, entries;

	kb_schema_open(in, root, "the lock", &map);
	lock->arch = kb_schema_word(&map, "arch", NULL, kb_lock_is_word, "an architecture");
	images = kb_schema_need(&map, "images");
	if (kb_schema_open(in, images, "images", &entries)) {
		for (size_t i = 0; i < images->n; i++) {
			entries.taken[i] = true;
			read_entry(in, &images->members[i], lock);
		}
	}
	kb_schema_close(&entries);
	kb_schema_close(&map);
}

int kb_lock_load_images(const struct kb_site *site, struct kb_lock **ret_lock, struct kb_err *err)
{
	kb_autolock struct kb_lock *lock = kb_alloc(1, sizeof(*lock));
	int rc = kb_lock_file_read(site, KB_LOCK_FILE, kb_lock_take_all, lock, err);

	if (rc == 0)
		*ret_lock = kb_steal(lock);
	return rc;
}

int kb_lock_load(const struct kb_site *site, struct kb_lock **ret_lock, struct kb_err *err)
{
	kb_autolock struct kb_lock *lock = NULL;
	int rc = kb_lock_load_images(site, &lock, err);

	if (rc == 0 && site->packages)
		rc = kb_packages_lock_load(site, &lock->packages, err);
	if (rc == 0 && site->pinned)
		rc = kb_pinned_lock_load(site, &lock->pinned, err);
	if (rc < 0)
		return rc;
	*ret_lock = kb_steal(lock);
	return 0;
}
