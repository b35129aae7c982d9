/* A small tree of values: the context of a template, built by the callers.
 * Null, boolean, text, list and map; maps keep their keys sorted by bytes.
 *
 * Build from the leaves up: what is put into a list or a map belongs to it and
 * can no longer be changed, so there are no cycles, the height is known when a
 * child is added, and a value may be shared by taking one more reference
 * (kb_value_ref). Doing it in the other order is a fault of the caller and
 * ends in an assert.
 *
 * Text may be marked secret: whoever renders it learns that the output holds a
 * secret, and its memory is wiped when it is freed.
 */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Containers in containers. Parsers have their own, lower limits. */
#define KB_VALUE_HEIGHT_MAX 128

enum kb_value_kind {
	KB_VALUE_NULL,
	KB_VALUE_BOOL,
	KB_VALUE_TEXT,
	KB_VALUE_LIST,
	KB_VALUE_MAP,
};

struct kb_value;

/* Never NULL. Text is copied, and may hold any byte. */
struct kb_value *kb_value_null(void);
struct kb_value *kb_value_bool(bool truth);
struct kb_value *kb_value_text(const char *text);
struct kb_value *kb_value_text_n(const char *text, size_t len);
struct kb_value *kb_value_format(const char *fmt, ...) KB_PRINTF(1, 2);
struct kb_value *kb_value_secret(const char *text, size_t len);
struct kb_value *kb_value_list(void);
struct kb_value *kb_value_map(void);

/* Put VALUE into a container, which takes over the caller's reference. An
 * earlier value under the same key is released. */
void kb_value_push(struct kb_value *list, struct kb_value *value);
void kb_value_set(struct kb_value *map, const char *key, struct kb_value *value);

enum kb_value_kind kb_value_kind(const struct kb_value *value);
/* Text as it is, a boolean as "true" or "false", null as ""; NULL for lists
 * and maps. Terminated by a NUL that *RET_LEN (may be NULL) does not count. */
const char *kb_value_str(const struct kb_value *value, size_t *ret_len);
bool kb_value_is_secret(const struct kb_value *value);
/* False: null, false, "" and the empty list. A map is true, also an empty one. */
bool kb_value_truth(const struct kb_value *value);

/* Members of a list or map, in order; 0 for the other kinds. */
size_t kb_value_count(const struct kb_value *value);
const struct kb_value *kb_value_at(const struct kb_value *value, size_t i);
const char *kb_value_key(const struct kb_value *map, size_t i);

/* What MAP holds under KEY; NULL when there is none or MAP is not a map. */
const struct kb_value *kb_value_get(const struct kb_value *map, const char *key);
const struct kb_value *kb_value_get_n(const struct kb_value *map, const char *key, size_t len);

/* One more reference, for a subtree that stands in two places. */
struct kb_value *kb_value_ref(struct kb_value *value);
/* Drop a reference; NULL is nothing. */
void kb_value_free(struct kb_value *value);

#define kb_autovalue __attribute__((cleanup(kb_value_cleanup)))
void kb_value_cleanup(struct kb_value **value);

#endif
