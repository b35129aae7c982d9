#include "builder/image_source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/site_tree.h"
#include "core/digest.h"
#include "core/name.h"
#include "core/packages.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum {
	TAG_MAX = 128, /* OCI distribution specification */
	REPOSITORY_MAX = 255,
};

/* Reference parts: "registry/path:tag@digest". */
struct reference {
	size_t repository; /* length, registry included */
	const char *tag;   /* NULL: none */
	size_t tag_len;
	const char *digest; /* behind "@"; NULL: none */
};

static struct reference split(const char *text)
{
	const char *at = strchr(text, '@');
	size_t len = at ? (size_t)(at - text) : strlen(text);
	const char *slash = memrchr(text, '/', len);
	const char *colon = memrchr(text, ':', len);
	struct reference r = {len, NULL, 0, at ? at + 1 : NULL};

	/* a colon before the last slash is the registry's port */
	if (colon && (!slash || colon > slash)) {
		r.repository = (size_t)(colon - text);
		r.tag = colon + 1;
		r.tag_len = len - r.repository - 1;
	}
	return r;
}

static bool is_repository(const char *text, size_t len)
{
	bool separated = true;

	if (len == 0 || len > REPOSITORY_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool plain = strchr(LOWER DIGITS, text[i]) != NULL;

		if (!plain && !strchr("./:-_", text[i]))
			return false;
		if (text[i] == '/' && separated)
			return false;
		separated = text[i] == '/';
	}
	return !separated;
}

static bool is_tag(const char *text, size_t len)
{
	if (len == 0 || len > TAG_MAX || text[0] == '.' || text[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!strchr(LOWER UPPER DIGITS "._-", text[i]))
			return false;
	return true;
}

/* Names that publishers move, and any tag without a version number in it. */
static bool floats(const char *tag, size_t len)
{
	static const char *const words[] = {"latest", "stable", "edge",
					    "main",   "master", "nightly"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == len && strncmp(words[i], tag, len) == 0)
			return true;
	return strcspn(tag, DIGITS) >= len;
}

const char *kb_image_source_fault(const char *reference)
{
	struct reference r = split(reference);
	const char *slash = memchr(reference, '/', r.repository);
	struct kb_digest digest;

	if (!is_repository(reference, r.repository))
		return "is not a reference like docker.io/library/haproxy:2.8.5";
	if (!slash || !(memchr(reference, '.', (size_t)(slash - reference)) ||
			memchr(reference, ':', (size_t)(slash - reference)) ||
			strncmp(reference, "localhost/", 10) == 0))
		return "does not name its registry; write docker.io/library/NAME:TAG";
	if (r.tag && !is_tag(r.tag, r.tag_len))
		return "has a tag with characters that no tag has";
	if (r.digest &&
	    (strncmp(r.digest, "sha256:", 7) != 0 || !kb_digest_parse(r.digest + 7, &digest)))
		return "has a digest that is not sha256: and 64 lower-case hex digits";
	if (!r.tag && !r.digest)
		return "has no tag, and so floats; name a version or a digest";
	if (r.tag && floats(r.tag, r.tag_len))
		return "has a tag that floats; name a version";
	return NULL;
}

/* The name an image gets in the engine: "keybuzz/redis:8.0.2". */
static bool is_engine_tag(const char *text)
{
	struct reference r = split(text);

	return !r.digest && r.tag && is_tag(r.tag, r.tag_len) && is_repository(text, r.repository);
}

static bool is_hex_digest(const char *text)
{
	struct kb_digest digest;

	return kb_digest_parse(text, &digest);
}

/* A name or number, or two of them. */
static bool is_user(const char *text)
{
	size_t n = strspn(text, LOWER DIGITS "_-");

	if (n == 0 || n > 32)
		return false;
	if (text[n] == ':') {
		text += n + 1;
		n = strspn(text, LOWER DIGITS "_-");
		if (n == 0 || n > 32)
			return false;
	}
	return text[n] == '\0';
}

static bool is_absolute(const char *text)
{
	return text[0] == '/' && (!text[1] || kb_name_check_relative(text + 1, NULL) == 0);
}

static void load_env(struct kb_schema_map *debian, struct kb_strings *env)
{
	const struct kb_yaml_node *node = kb_schema_take(debian, "env");
	struct kb_schema_map map;
	const char *value;

	kb_schema_open(debian->in, node, "env", &map);
	for (size_t i = 0; map.node && i < map.node->n; i++) {
		const struct kb_yaml_member *m = &map.node->members[i];
		kb_autofree char *setting = NULL;

		map.taken[i] = true;
		if (m->key[strspn(m->key, LOWER UPPER DIGITS "_")] || strchr(DIGITS, m->key[0]))
			kb_diag_add(debian->in->diag, debian->in->file, m->line, m->column,
				    "\"%.100s\" is not a name of the environment", m->key);
		if (!kb_schema_as_text(debian->in, m->value, m->key, &value))
			continue;
		setting = kb_format("%s=%s", m->key, value);
		kb_site_load_strings_add(env, setting);
	}
	kb_schema_close(&map);
	kb_site_load_strings_sort(env);
}

static bool is_suite(const char *text)
{
	return strspn(text, LOWER DIGITS "-") == strlen(text);
}

static void load_debian(const struct kb_site_load *l, const struct kb_schema *in,
			const struct kb_yaml_node *node, struct kb_image_source *image)
{
	struct kb_schema_map map;

	kb_schema_open(in, node, "debian", &map);
	image->suite = kb_schema_word(&map, "suite", NULL, is_suite, "a suite like trixie");
	image->mirror = kb_strdup(l->site->mirror ? l->site->mirror : "");
	if (map.node && !image->mirror[0] && l->site->product[0])
		kb_schema_fault(in, node, "debian: site.yaml names no mirror");
	if (map.node && !kb_schema_has(&map, "packages"))
		kb_schema_fault(in, node, "the key \"packages\" is missing");
	image->packages =
		kb_site_load_words(&map, "packages", kb_packages_is_name, "a package name");
	image->base = kb_site_load_words(&map, "base", kb_packages_is_name, "a package name");
	image->user = kb_schema_word(&map, "user", "", is_user, "a user like \"999:999\"");
	image->workdir = kb_schema_word(&map, "workdir", "", is_absolute, "an absolute path");
	kb_schema_texts(&map, "entrypoint", &image->entrypoint.v, &image->entrypoint.n);
	kb_schema_texts(&map, "cmd", &image->cmd.v, &image->cmd.n);
	load_env(&map, &image->env);
	kb_schema_close(&map);
}

static void load_registry(const struct kb_schema *in, const struct kb_yaml_node *node,
			  struct kb_image_source *image)
{
	const char *text, *fault;

	if (!kb_schema_as_text(in, node, "registry", &text))
		return;
	fault = kb_image_source_fault(text);
	if (fault)
		kb_schema_fault(in, node, "registry: \"%.200s\" %s", text, fault);
	image->reference = kb_strdup(text);
}

static void load_path(const struct kb_site_load *l, const struct kb_schema *in,
		      const struct kb_yaml_node *node, const char *what,
		      struct kb_image_source *image)
{
	struct kb_err err;
	const char *text;
	int fd;

	if (!kb_schema_as_text(in, node, what, &text))
		return;
	image->reference = kb_strdup(text);
	fd = image->kind == KB_SOURCE_OCI ? kb_site_tree_open_dir(l->dirfd, text, &err)
					  : kb_site_tree_open(l->dirfd, text, &err);
	if (fd < 0)
		kb_schema_fault(in, node, "%s: %s", what, err.text);
	else
		close(fd);
}

static void load_source(const struct kb_site_load *l, struct kb_schema_map *map,
			struct kb_image_source *image)
{
	static const char *const kinds[] = {"debian", "registry", "archive", "oci"};
	const char *first = NULL;

	for (int i = 0; i < 4; i++) {
		const struct kb_yaml_node *node = kb_schema_take(map, kinds[i]);

		if (!node)
			continue;
		if (first) {
			kb_schema_fault(map->in, node,
					"an image has one source; this one has \"%s\" and \"%s\"",
					first, kinds[i]);
			continue;
		}
		first = kinds[i];
		image->kind = KB_SOURCE_DEBIAN + (unsigned)i;
		if (image->kind == KB_SOURCE_DEBIAN)
			load_debian(l, map->in, node, image);
		else if (image->kind == KB_SOURCE_REGISTRY)
			load_registry(map->in, node, image);
		else
			load_path(l, map->in, node, kinds[i], image);
	}
	if (!first && map->node)
		kb_schema_fault(map->in, map->node,
				"an image has one source: debian, registry, archive or oci");
}

/* Strings are never NULL, whatever was refused on the way. */
static void fill_blanks(struct kb_image_source *image)
{
	char **strings[] = {&image->suite,   &image->mirror,    &image->user,
			    &image->workdir, &image->reference, &image->sha256};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (!*strings[i])
			*strings[i] = kb_strdup("");
}

static void load_image(const struct kb_site_load *l, const struct kb_schema *in,
		       const struct kb_yaml_member *member, struct kb_image_source *image)
{
	struct kb_schema_map map;

	image->name = kb_strdup(member->key);
	image->pos = (struct kb_pos){l->site->images_file, member->line, member->column};
	if (!kb_site_load_is_id(member->key))
		kb_diag_add(in->diag, in->file, member->line, member->column,
			    "\"%.100s\" is not a name; use a-z, 0-9 and -", member->key);
	kb_schema_open(in, member->value, "image", &map);
	image->tag =
		kb_schema_word(&map, "tag", "", is_engine_tag, "a name like keybuzz/redis:8.0.2");
	load_source(l, &map, image);
	if (image->kind == KB_SOURCE_ARCHIVE)
		image->sha256 = kb_schema_word(&map, "sha256", "", is_hex_digest,
					       "64 lower-case hex digits");
	kb_schema_close(&map);
	fill_blanks(image);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct kb_image_source *)a)->name,
		      ((const struct kb_image_source *)b)->name);
}

/* Two images under one name in the engine: the second would take it away. */
static void check_tags(const struct kb_site_load *l, const struct kb_schema *in)
{
	const struct kb_image_source *images = l->site->images;

	for (size_t i = 0; i < l->site->n_images; i++)
		for (size_t j = 0; j < i; j++)
			if (images[i].tag[0] && strcmp(images[i].tag, images[j].tag) == 0)
				kb_diag_add(in->diag, in->file, images[i].pos.line,
					    images[i].pos.column,
					    "tag \"%s\" is also that of \"%s\"", images[i].tag,
					    images[j].name);
}

void kb_image_source_take(struct kb_site_load *l, const struct kb_yaml_node *root)
{
	struct kb_site *site = l->site;
	struct kb_schema_map top, images;
	struct kb_schema in;

	site->images_file = kb_site_load_shown(l, KB_IMAGES_FILE);
	in = (struct kb_schema){site->images_file, l->diag};
	kb_schema_open(&in, root, KB_IMAGES_FILE, &top);
	kb_schema_open(&in, kb_schema_need(&top, "images"), "images", &images);
	if (images.node) {
		site->images = kb_alloc(images.node->n, sizeof(*site->images));
		for (size_t i = 0; i < images.node->n; i++) {
			images.taken[i] = true;
			load_image(l, &in, &images.node->members[i],
				   &site->images[site->n_images++]);
		}
	}
	kb_schema_close(&images);
	kb_schema_close(&top);
	if (site->n_images)
		qsort(site->images, site->n_images, sizeof(*site->images), by_name);
	check_tags(l, &in);
}

void kb_image_source_free(struct kb_image_source *image)
{
	free(image->name);
	free(image->tag);
	free(image->suite);
	free(image->mirror);
	free(image->user);
	free(image->workdir);
	free(image->reference);
	free(image->sha256);
	kb_site_load_strings_free(&image->base);
	kb_site_load_strings_free(&image->packages);
	kb_site_load_strings_free(&image->entrypoint);
	kb_site_load_strings_free(&image->cmd);
	kb_site_load_strings_free(&image->env);
}
