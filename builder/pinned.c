#include "builder/pinned.h"

#include <stdlib.h>
#include <string.h>

#include "builder/lock_fields.h"
#include "core/digest.h"
#include "core/name.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

enum { PINNED_FILES_MAX = 1000, NAME_MAX_LEN = 100 };

static bool is_name(const char *text)
{
	return text[0] != '.' && text[0] != '-' && strlen(text) <= NAME_MAX_LEN &&
	       strspn(text, LETTERS "._-") == strlen(text);
}

static bool is_digest(const char *text)
{
	struct kb_digest digest;

	return kb_digest_parse(text, &digest);
}

static bool is_path(const char *text)
{
	return kb_name_check_relative(text, NULL) == 0;
}

bool kb_pinned_is_licence(const char *text)
{
	return *text && strspn(text, LETTERS ".-+() ") == strlen(text);
}

static uint16_t load_mode(struct kb_schema_map *map, const struct kb_yaml_member *m)
{
	uint16_t mode = kb_schema_mode(map, "mode", 0644);

	if (mode != 0644 && mode != 0755)
		kb_schema_fault(map->in, m->value,
				"mode: \"0644\" or \"0755\"; what it gets on a "
				"host is the step's business");
	return mode;
}

static void load_file(const struct kb_schema *in, const struct kb_yaml_member *m,
		      struct kb_pinned *file)
{
	struct kb_schema_map map;

	file->name = kb_strdup(m->key);
	file->pos = (struct kb_pos){in->file, m->line, m->column};
	if (!is_name(m->key))
		kb_diag_add(in->diag, in->file, m->line, m->column,
			    "\"%.100s\" is not a file's name; use letters, digits, \".\", \"_\" "
			    "and \"-\"",
			    m->key);
	kb_schema_open(in, m->value, "file", &map);
	file->url = kb_schema_word(&map, "url", "", kb_lock_is_url, "a http URL");
	file->path = kb_schema_word(&map, "path", "", is_path, "a path below the site");
	file->sha256 = kb_schema_word(&map, "sha256", "", is_digest, "64 hex digits");
	file->licence = kb_schema_word(&map, "licence", NULL, kb_pinned_is_licence,
				       "an SPDX licence expression, or NOASSERTION");
	file->mode = load_mode(&map, m);
	if (map.node && !*file->url == !*file->path)
		kb_schema_fault(in, m->value, "%.100s: exactly one of \"url\" and \"path\"",
				m->key);
	kb_schema_close(&map);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct kb_pinned *)a)->name, ((const struct kb_pinned *)b)->name);
}

static void load_files(struct kb_schema_map *top, struct kb_pinned_files *files)
{
	struct kb_schema_map map;

	if (!kb_schema_open(top->in, kb_schema_need(top, "files"), "files", &map))
		return;
	if (map.node->n > PINNED_FILES_MAX)
		kb_schema_fault(top->in, map.node, "files: %zu, at most %d", map.node->n,
				PINNED_FILES_MAX);
	files->v = kb_alloc(map.node->n, sizeof(*files->v));
	for (size_t i = 0; i < map.node->n; i++) {
		map.taken[i] = true;
		load_file(top->in, &map.node->members[i], &files->v[files->n++]);
	}
	kb_schema_close(&map);
	if (files->n)
		qsort(files->v, files->n, sizeof(*files->v), by_name);
}

void kb_pinned_take(struct kb_site_load *l, const struct kb_yaml_node *root)
{
	struct kb_pinned_files *files = l->site->pinned = kb_alloc(1, sizeof(*files));
	struct kb_schema_map top;
	struct kb_schema in;

	files->file = kb_site_load_shown(l, KB_PINNED_FILE);
	in = (struct kb_schema){files->file, l->diag};
	kb_schema_open(&in, root, KB_PINNED_FILE, &top);
	if (top.node)
		load_files(&top, files);
	kb_schema_close(&top);
}

void kb_pinned_free(struct kb_pinned_files *files)
{
	if (!files)
		return;
	for (size_t i = 0; i < files->n; i++) {
		free(files->v[i].name);
		free(files->v[i].url);
		free(files->v[i].path);
		free(files->v[i].sha256);
		free(files->v[i].licence);
	}
	free(files->v);
	free(files->file);
	free(files);
}

const struct kb_pinned *kb_pinned_find(const struct kb_pinned_files *files, const char *name)
{
	for (size_t i = 0; files && i < files->n; i++)
		if (strcmp(files->v[i].name, name) == 0)
			return &files->v[i];
	return NULL;
}

const struct kb_pinned *kb_pinned_of_path(const struct kb_pinned_files *files, const char *path)
{
	size_t len = strlen(KB_PINNED_FOLDER);

	return strncmp(path, KB_PINNED_FOLDER, len) == 0 ? kb_pinned_find(files, path + len) : NULL;
}

char *kb_pinned_source(struct kb_site_load *l, const struct kb_schema *in,
		       const struct kb_yaml_node *node, const char *text, const char *what)
{
	const struct kb_pinned_files *files = l->site->pinned;
	size_t n = files ? files->n : 0;
	kb_autofree const char **names = kb_alloc(n, sizeof(*names));
	const char *near;

	if (kb_pinned_of_path(files, text))
		return kb_strdup(text);
	for (size_t i = 0; i < n; i++)
		names[i] = files->v[i].name;
	near = kb_schema_nearest(text + strlen(KB_PINNED_FOLDER), names, n);
	kb_schema_fault(in, node, "%s: " KB_PINNED_FILE " has no \"%.100s\"%s%s%s", what,
			text + strlen(KB_PINNED_FOLDER), near ? "; did you mean \"" : "",
			near ? near : "", near ? "\"?" : "");
	return NULL;
}
