#include "builder/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli.h"
#include "core/format.h"
#include "core/mem.h"

void kb_schema_fault(const struct kb_schema *in, const struct kb_yaml_node *node, const char *fmt,
		     ...)
{
	char text[1024];
	va_list ap;

	if (node->kind == KB_YAML_REFUSED)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	kb_diag_add(in->diag, in->file, node->line, node->column, "%s", text);
}

const char *kb_schema_nearest(const char *word, const char *const *known, size_t n)
{
	enum { SAME_BEGINNING = 4 };
	const char *near = kb_nearest(word, known, n);

	/* two edits make any two letters alike */
	if (near && (strlen(word) > 2 || strlen(near) > 3))
		return near;
	for (size_t i = 0; i < n; i++)
		if (strncmp(word, known[i], SAME_BEGINNING) == 0)
			return known[i];
	return NULL;
}

/* What a value is, in words; static or in BUF. */
static const char *describe(const struct kb_yaml_node *node, char *buf, size_t cap)
{
	if (node->kind == KB_YAML_LIST)
		return "a list";
	if (node->kind == KB_YAML_MAP)
		return "a map";
	if (node->len == 0)
		return node->plain ? "nothing" : "an empty text";
	snprintf(buf, cap, node->plain ? "%.60s%s" : "the quoted text \"%.60s%s\"", node->text,
		 node->len > 60 ? ".." : "");
	return buf;
}

static bool mismatch(const struct kb_schema *in, const struct kb_yaml_node *node, const char *what,
		     const char *expected)
{
	char buf[96];

	kb_schema_fault(in, node, "%s: expected %s, found %s", what, expected,
			describe(node, buf, sizeof(buf)));
	return false;
}

bool kb_schema_open(const struct kb_schema *in, const struct kb_yaml_node *node, const char *what,
		    struct kb_schema_map *ret_map)
{
	memset(ret_map, 0, sizeof(*ret_map));
	ret_map->in = in;
	if (!node)
		return false;
	if (node->kind != KB_YAML_MAP)
		return mismatch(in, node, what, "a map");
	ret_map->node = node;
	ret_map->taken = kb_alloc(node->n, sizeof(bool));
	return true;
}

void kb_schema_close(struct kb_schema_map *map)
{
	for (size_t i = 0; map->node && i < map->node->n; i++) {
		const struct kb_yaml_member *m = &map->node->members[i];
		const char *near;

		if (map->taken[i])
			continue;
		near = kb_schema_nearest(m->key, map->known, map->n_known);
		kb_diag_add(map->in->diag, map->in->file, m->line, m->column,
			    near ? "unknown key \"%s\"; did you mean \"%s\"?"
				 : "unknown key \"%s\"",
			    m->key, near);
	}
	free(map->taken);
	map->taken = NULL;
	map->node = NULL;
}

static long find(const struct kb_schema_map *map, const char *key)
{
	for (size_t i = 0; map->node && i < map->node->n; i++)
		if (strcmp(map->node->members[i].key, key) == 0)
			return (long)i;
	return -1;
}

bool kb_schema_has(const struct kb_schema_map *map, const char *key)
{
	return find(map, key) >= 0;
}

const struct kb_yaml_node *kb_schema_take(struct kb_schema_map *map, const char *key)
{
	long i = find(map, key);

	if (map->n_known < KB_SCHEMA_KEYS_MAX)
		map->known[map->n_known++] = key;
	if (i < 0)
		return NULL;
	map->taken[i] = true;
	return map->node->members[i].value;
}

static void report_missing(struct kb_schema_map *map, const char *key)
{
	if (map->node)
		kb_schema_fault(map->in, map->node, "the key \"%s\" is missing", key);
}

const struct kb_yaml_node *kb_schema_need(struct kb_schema_map *map, const char *key)
{
	const struct kb_yaml_node *node = kb_schema_take(map, key);

	if (!node)
		report_missing(map, key);
	return node;
}

/* Someone who writes null or ~ means that there is no value. */
static bool is_null(const struct kb_yaml_node *node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	for (size_t i = 0; node->plain && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(node->text, words[i]) == 0)
			return true;
	return false;
}

bool kb_schema_as_text(const struct kb_schema *in, const struct kb_yaml_node *node,
		       const char *what, const char **ret_text)
{
	if (node->kind != KB_YAML_TEXT || is_null(node) || node->len == 0)
		return mismatch(in, node, what, "text");
	if (node->len > KB_SCHEMA_TEXT_MAX) {
		kb_schema_fault(in, node, "%s: %zu bytes, at most %d", what, node->len,
				KB_SCHEMA_TEXT_MAX);
		return false;
	}
	if (strpbrk(node->text, "\n\t")) {
		kb_schema_fault(in, node, "%s: a line end or tab in the text", what);
		return false;
	}
	*ret_text = node->text;
	return true;
}

static const struct kb_yaml_node *take_text_node(struct kb_schema_map *map, const char *key,
						 const char *fallback)
{
	return fallback ? kb_schema_take(map, key) : kb_schema_need(map, key);
}

char *kb_schema_text(struct kb_schema_map *map, const char *key, const char *fallback)
{
	const struct kb_yaml_node *node = take_text_node(map, key, fallback);
	const char *text = fallback ? fallback : "";

	if (node)
		kb_schema_as_text(map->in, node, key, &text);
	return kb_strdup(text);
}

char *kb_schema_word(struct kb_schema_map *map, const char *key, const char *fallback,
		     bool (*ok)(const char *text), const char *expected)
{
	const struct kb_yaml_node *node = take_text_node(map, key, fallback);
	const char *text = NULL;

	if (!node || !kb_schema_as_text(map->in, node, key, &text))
		return kb_strdup(fallback ? fallback : "");
	if (!ok(text))
		kb_schema_fault(map->in, node, "%s: \"%.100s\" is not %s", key, text, expected);
	return kb_strdup(text);
}

bool kb_schema_bool(struct kb_schema_map *map, const char *key, bool fallback)
{
	const struct kb_yaml_node *node = kb_schema_take(map, key);

	if (!node)
		return fallback;
	if (node->kind == KB_YAML_TEXT && node->plain && strcmp(node->text, "true") == 0)
		return true;
	if (node->kind == KB_YAML_TEXT && node->plain && strcmp(node->text, "false") == 0)
		return false;
	mismatch(map->in, node, key, "true or false");
	return fallback;
}

/* Decimal digits, no leading zero; false also when it does not fit. */
static bool parse_number(const char *text, size_t len, uint64_t *ret_number)
{
	uint64_t v = 0;

	if (len == 0 || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(text[i] - '0'), &v))
			return false;
	*ret_number = v;
	return true;
}

bool kb_schema_as_number(const struct kb_schema *in, const struct kb_yaml_node *node,
			 const char *what, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	char expected[96];
	uint64_t v;

	if (node->kind == KB_YAML_TEXT && node->plain && parse_number(node->text, node->len, &v) &&
	    v >= min && v <= max) {
		*ret_number = v;
		return true;
	}
	snprintf(expected, sizeof(expected), "a number from %llu to %llu", (unsigned long long)min,
		 (unsigned long long)max);
	return mismatch(in, node, what, expected);
}

uint64_t kb_schema_number(struct kb_schema_map *map, const char *key, uint64_t min, uint64_t max,
			  uint64_t fallback)
{
	const struct kb_yaml_node *node = kb_schema_take(map, key);

	if (node)
		kb_schema_as_number(map->in, node, key, min, max, &fallback);
	return fallback;
}

uint16_t kb_schema_mode(struct kb_schema_map *map, const char *key, uint16_t fallback)
{
	const struct kb_yaml_node *node = kb_schema_take(map, key);
	unsigned mode = 0;

	if (!node)
		return fallback;
	if (node->kind != KB_YAML_TEXT || node->plain || node->len != 4 || node->text[0] != '0' ||
	    strspn(node->text, "01234567") != 4) {
		mismatch(map->in, node, key, "four octal digits in quotes, like \"0640\"");
		return fallback;
	}
	for (size_t i = 0; i < node->len; i++)
		mode = mode * 8 + (unsigned)(node->text[i] - '0');
	if (mode & 0002)
		kb_schema_fault(map->in, node, "%s: \"%s\" lets everyone write", key, node->text);
	return (uint16_t)mode;
}

uint32_t kb_schema_duration(struct kb_schema_map *map, const char *key, uint32_t max,
			    uint32_t fallback)
{
	const struct kb_yaml_node *node = kb_schema_take(map, key);
	uint64_t v, unit = 1;
	char expected[96];
	size_t digits;

	if (!node)
		return fallback;
	if (node->kind == KB_YAML_TEXT && node->plain && node->len) {
		char last = node->text[node->len - 1];

		unit = last == 'm' ? 60 : last == 'h' ? 3600 : 1;
		digits = node->len - (last == 's' || last == 'm' || last == 'h');
		if (parse_number(node->text, digits, &v) && v >= 1 && v <= max / unit)
			return (uint32_t)(v * unit);
	}
	snprintf(expected, sizeof(expected), "a duration like 90, 90s, 5m or 1h, at most %us", max);
	mismatch(map->in, node, key, expected);
	return fallback;
}

bool kb_schema_as_list(const struct kb_schema *in, const struct kb_yaml_node *node,
		       const char *what)
{
	return node->kind == KB_YAML_LIST || mismatch(in, node, what, "a list");
}

void kb_schema_texts(struct kb_schema_map *map, const char *key, char ***ret_v, size_t *ret_n)
{
	const struct kb_yaml_node *node = kb_schema_take(map, key);
	const char *text;
	char **v = NULL;
	size_t n = 0;

	if (node && kb_schema_as_list(map->in, node, key)) {
		v = kb_alloc(node->n, sizeof(*v));
		for (size_t i = 0; i < node->n; i++)
			if (kb_schema_as_text(map->in, node->members[i].value, key, &text))
				v[n++] = kb_strdup(text);
	}
	*ret_v = v;
	*ret_n = n;
}

static bool is_variable_name(const char *key)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	size_t n = strspn(key, letters);

	if (n == 0)
		return false;
	while (key[n] && (strchr(letters, key[n]) || (key[n] >= '0' && key[n] <= '9')))
		n++;
	return key[n] == '\0' && n <= KB_SCHEMA_NAME_MAX;
}

static struct kb_value *value_of(const struct kb_schema *in, const struct kb_yaml_node *node,
				 const char *what, unsigned depth);

static struct kb_value *map_value(const struct kb_schema *in, const struct kb_yaml_node *node,
				  unsigned depth)
{
	struct kb_value *value = kb_value_map();

	for (size_t i = 0; i < node->n; i++) {
		const struct kb_yaml_member *m = &node->members[i];

		if (!is_variable_name(m->key))
			kb_diag_add(in->diag, in->file, m->line, m->column,
				    "\"%.100s\" cannot be named in a template; use letters, digits "
				    "and _",
				    m->key);
		kb_value_set(value, m->key, value_of(in, m->value, m->key, depth + 1));
	}
	return value;
}

static struct kb_value *list_value(const struct kb_schema *in, const struct kb_yaml_node *node,
				   const char *what, unsigned depth)
{
	struct kb_value *value = kb_value_list();

	for (size_t i = 0; i < node->n; i++)
		kb_value_push(value, value_of(in, node->members[i].value, what, depth + 1));
	return value;
}

/* Bounded as the manifest of a bundle is. */
static struct kb_value *value_of(const struct kb_schema *in, const struct kb_yaml_node *node,
				 const char *what, unsigned depth)
{
	if (depth > KB_VALUE_DEPTH) {
		kb_schema_fault(in, node, "%s: variables are nested deeper than %d levels", what,
				KB_VALUE_DEPTH);
		return kb_value_text("");
	}
	switch (node->kind) {
	case KB_YAML_MAP: return map_value(in, node, depth);
	case KB_YAML_LIST: return list_value(in, node, what, depth);
	case KB_YAML_REFUSED: return kb_value_text("");
	case KB_YAML_TEXT: break;
	}
	if (is_null(node)) {
		mismatch(in, node, what, "a value");
		return kb_value_text("");
	}
	if (node->len > KB_STRING_MAX) {
		kb_schema_fault(in, node, "%s: %zu bytes, at most %d", what, node->len,
				KB_STRING_MAX);
		return kb_value_text("");
	}
	if (node->plain && (!strcmp(node->text, "true") || !strcmp(node->text, "false")))
		return kb_value_bool(node->text[0] == 't');
	return kb_value_text_n(node->text, node->len);
}

struct kb_value *kb_schema_value(const struct kb_schema *in, const struct kb_yaml_node *node,
				 const char *what)
{
	return value_of(in, node, what, 0);
}
