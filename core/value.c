#include "core/value.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct member {
	char *key; /* NULL in a list */
	struct kb_value *value;
};

struct kb_value {
	enum kb_value_kind kind;
	unsigned refs;
	unsigned height; /* containers below and including this one */
	bool frozen;     /* belongs to a container */
	bool secret;
	bool truth;
	char *text;
	size_t len;
	struct member *members; /* of a map: sorted by key */
	size_t n, cap;
};

static struct kb_value *new_value(enum kb_value_kind kind)
{
	struct kb_value *v = kb_alloc(1, sizeof(*v));

	v->kind = kind;
	v->refs = 1;
	v->height = kind == KB_VALUE_LIST || kind == KB_VALUE_MAP ? 1 : 0;
	return v;
}

struct kb_value *kb_value_null(void)
{
	return new_value(KB_VALUE_NULL);
}

struct kb_value *kb_value_bool(bool truth)
{
	struct kb_value *v = new_value(KB_VALUE_BOOL);

	v->truth = truth;
	return v;
}

struct kb_value *kb_value_text_n(const char *text, size_t len)
{
	struct kb_value *v = new_value(KB_VALUE_TEXT);

	v->text = kb_strndup(text, len);
	v->len = len;
	return v;
}

struct kb_value *kb_value_text(const char *text)
{
	return kb_value_text_n(text, strlen(text));
}

struct kb_value *kb_value_format(const char *fmt, ...)
{
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	kb_buf_reserve(&buf, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(buf.data, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return kb_value_text_n(buf.data, (size_t)n);
}

struct kb_value *kb_value_secret(const char *text, size_t len)
{
	struct kb_value *v = kb_value_text_n(text, len);

	v->secret = true;
	return v;
}

struct kb_value *kb_value_list(void)
{
	return new_value(KB_VALUE_LIST);
}

struct kb_value *kb_value_map(void)
{
	return new_value(KB_VALUE_MAP);
}

/* From here on VALUE does not change, so the height added now stays true and
 * a container cannot end up inside itself. */
static void adopt(struct kb_value *parent, struct kb_value *value)
{
	assert(!parent->frozen && parent != value);
	assert(value->height < KB_VALUE_HEIGHT_MAX);
	value->frozen = true;
	if (parent->height <= value->height)
		parent->height = value->height + 1;
}

static void insert(struct kb_value *v, size_t i, char *key, struct kb_value *value)
{
	v->members = kb_grow(v->members, v->n, &v->cap, sizeof(*v->members));
	memmove(v->members + i + 1, v->members + i, (v->n - i) * sizeof(*v->members));
	v->members[i].key = key;
	v->members[i].value = value;
	v->n++;
}

void kb_value_push(struct kb_value *list, struct kb_value *value)
{
	assert(list->kind == KB_VALUE_LIST);
	adopt(list, value);
	insert(list, list->n, NULL, value);
}

/* Order of KEY, which is LEN bytes, against the terminated OTHER. */
static int compare(const char *key, size_t len, const char *other)
{
	size_t other_len = strlen(other);
	int r = memcmp(key, other, len < other_len ? len : other_len);

	return r ? r : (len > other_len) - (len < other_len);
}

/* Whether KEY is there; *RET_AT is where it is or belongs. */
static bool search(const struct kb_value *map, const char *key, size_t len, size_t *ret_at)
{
	size_t lo = 0, hi = map->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int r = compare(key, len, map->members[mid].key);

		if (r == 0) {
			*ret_at = mid;
			return true;
		}
		if (r < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	*ret_at = lo;
	return false;
}

void kb_value_set(struct kb_value *map, const char *key, struct kb_value *value)
{
	size_t at;

	assert(map->kind == KB_VALUE_MAP);
	adopt(map, value);
	if (search(map, key, strlen(key), &at)) {
		kb_value_free(map->members[at].value);
		map->members[at].value = value;
		return;
	}
	insert(map, at, kb_strdup(key), value);
}

enum kb_value_kind kb_value_kind(const struct kb_value *value)
{
	return value->kind;
}

const char *kb_value_str(const struct kb_value *value, size_t *ret_len)
{
	const char *s;

	switch (value->kind) {
	case KB_VALUE_NULL: s = ""; break;
	case KB_VALUE_BOOL: s = value->truth ? "true" : "false"; break;
	case KB_VALUE_TEXT: s = value->text; break;
	default: return NULL;
	}
	if (ret_len)
		*ret_len = value->kind == KB_VALUE_TEXT ? value->len : strlen(s);
	return s;
}

bool kb_value_is_secret(const struct kb_value *value)
{
	return value->secret;
}

bool kb_value_truth(const struct kb_value *value)
{
	switch (value->kind) {
	case KB_VALUE_BOOL: return value->truth;
	case KB_VALUE_TEXT: return value->len > 0;
	case KB_VALUE_LIST: return value->n > 0;
	case KB_VALUE_MAP: return true;
	default: return false;
	}
}

size_t kb_value_count(const struct kb_value *value)
{
	return value->n;
}

const struct kb_value *kb_value_at(const struct kb_value *value, size_t i)
{
	assert(i < value->n);
	return value->members[i].value;
}

const char *kb_value_key(const struct kb_value *map, size_t i)
{
	assert(i < map->n);
	return map->members[i].key;
}

const struct kb_value *kb_value_get_n(const struct kb_value *map, const char *key, size_t len)
{
	size_t at;

	if (map->kind != KB_VALUE_MAP || !search(map, key, len, &at))
		return NULL;
	return map->members[at].value;
}

const struct kb_value *kb_value_get(const struct kb_value *map, const char *key)
{
	return kb_value_get_n(map, key, strlen(key));
}

struct kb_value *kb_value_ref(struct kb_value *value)
{
	value->refs++;
	return value;
}

/* Recursion as deep as the height, which adopt() keeps below its maximum. */
void kb_value_free(struct kb_value *value)
{
	if (!value || --value->refs > 0)
		return;
	for (size_t i = 0; i < value->n; i++) {
		free(value->members[i].key);
		kb_value_free(value->members[i].value);
	}
	free(value->members);
	if (value->text && value->secret)
		explicit_bzero(value->text, value->len);
	free(value->text);
	free(value);
}

void kb_value_cleanup(struct kb_value **value)
{
	kb_value_free(*value);
}
