/* A JSON writer (RFC 8259) onto a buffer. Commas are its business; the output
 * has no white space and is always valid UTF-8, whatever bytes are given:
 * every byte that is not part of well-formed UTF-8 becomes U+FFFD. Control
 * characters, line separators and bidirectional overrides are written as
 * \uXXXX, so that printing the output does not drive a terminal.
 *
 * The order of calls is the caller's code, not input: a value without a key, an
 * end without a beginning or deeper nesting than KB_JSON_DEPTH_MAX is an
 * assert.
 *
 *	struct kb_json j;
 *
 *	kb_json_init(&j, &buf);
 *	kb_json_object(&j);
 *	kb_json_key(&j, "exit");
 *	kb_json_u64(&j, 0);
 *	kb_json_object_end(&j);
 *	kb_json_finish(&j);
 */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"

#define KB_JSON_DEPTH_MAX 32

struct kb_json {
	struct kb_buf *out;
	unsigned depth;
	bool after_key;
	bool done; /* the one top-level value is complete */
	bool is_object[KB_JSON_DEPTH_MAX];
	bool has_members[KB_JSON_DEPTH_MAX];
};

/* Append to OUT, which stays the caller's. One value per init. */
void kb_json_init(struct kb_json *j, struct kb_buf *out);

void kb_json_object(struct kb_json *j);
void kb_json_object_end(struct kb_json *j);
void kb_json_array(struct kb_json *j);
void kb_json_array_end(struct kb_json *j);
void kb_json_key(struct kb_json *j, const char *key);

void kb_json_text(struct kb_json *j, const char *text); /* NULL gives null */
void kb_json_text_n(struct kb_json *j, const char *text, size_t len);
void kb_json_u64(struct kb_json *j, uint64_t v);
void kb_json_i64(struct kb_json *j, int64_t v);
void kb_json_bool(struct kb_json *j, bool v);
void kb_json_null(struct kb_json *j);

/* A member in one call. */
void kb_json_key_text(struct kb_json *j, const char *key, const char *text);
void kb_json_key_u64(struct kb_json *j, const char *key, uint64_t v);
void kb_json_key_bool(struct kb_json *j, const char *key, bool v);

/* Everything opened was ended. Adds nothing; JSON Lines add their own "\n". */
void kb_json_finish(const struct kb_json *j);

#endif
