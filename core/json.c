#include "core/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/utf8.h"

void kb_json_init(struct kb_json *j, struct kb_buf *out)
{
	memset(j, 0, sizeof(*j));
	j->out = out;
}

/* Before every value: the comma in an array, the bookkeeping in an object. */
static void before_value(struct kb_json *j)
{
	assert(!j->done);
	if (j->depth == 0) {
		j->done = true;
		return;
	}
	if (j->is_object[j->depth - 1]) {
		assert(j->after_key);
		j->after_key = false;
		return;
	}
	if (j->has_members[j->depth - 1])
		kb_buf_putc(j->out, ',');
	j->has_members[j->depth - 1] = true;
}

static void open_container(struct kb_json *j, bool object)
{
	before_value(j);
	assert(j->depth < KB_JSON_DEPTH_MAX);
	j->done = false; /* at the top: not before its end */
	j->is_object[j->depth] = object;
	j->has_members[j->depth] = false;
	j->depth++;
	kb_buf_putc(j->out, object ? '{' : '[');
}

static void close_container(struct kb_json *j, bool object)
{
	assert(j->depth > 0 && j->is_object[j->depth - 1] == object && !j->after_key);
	j->depth--;
	j->done = j->depth == 0;
	kb_buf_putc(j->out, object ? '}' : ']');
}

void kb_json_object(struct kb_json *j)
{
	open_container(j, true);
}

void kb_json_object_end(struct kb_json *j)
{
	close_container(j, true);
}

void kb_json_array(struct kb_json *j)
{
	open_container(j, false);
}

void kb_json_array_end(struct kb_json *j)
{
	close_container(j, false);
}

/* Characters that a terminal acts on, or that change how text is read. */
static bool needs_escape(uint32_t point)
{
	return kb_utf8_is_control(point) || (point >= 0x202a && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069);
}

static void add_point(struct kb_buf *out, uint32_t point, const char *bytes, size_t len)
{
	switch (point) {
	case '"': kb_buf_puts(out, "\\\""); return;
	case '\\': kb_buf_puts(out, "\\\\"); return;
	case '\n': kb_buf_puts(out, "\\n"); return;
	case '\r': kb_buf_puts(out, "\\r"); return;
	case '\t': kb_buf_puts(out, "\\t"); return;
	default: break;
	}
	if (needs_escape(point)) /* all of them are below U+10000 */
		kb_buf_printf(out, "\\u%04" PRIx32, point);
	else
		kb_buf_add(out, bytes, len);
}

static void add_string(struct kb_buf *out, const char *s, size_t len)
{
	uint32_t point = 0;

	kb_buf_putc(out, '"');
	for (size_t i = 0; i < len;) {
		size_t n = kb_utf8_take(s + i, len - i, &point);

		if (n == 0) {
			kb_buf_puts(out, "\xef\xbf\xbd"); /* U+FFFD */
			i++;
			continue;
		}
		add_point(out, point, s + i, n);
		i += n;
	}
	kb_buf_putc(out, '"');
}

void kb_json_key(struct kb_json *j, const char *key)
{
	assert(j->depth > 0 && j->is_object[j->depth - 1] && !j->after_key);
	if (j->has_members[j->depth - 1])
		kb_buf_putc(j->out, ',');
	j->has_members[j->depth - 1] = true;
	j->after_key = true;
	add_string(j->out, key, strlen(key));
	kb_buf_putc(j->out, ':');
}

void kb_json_text_n(struct kb_json *j, const char *text, size_t len)
{
	before_value(j);
	add_string(j->out, text, len);
}

void kb_json_text(struct kb_json *j, const char *text)
{
	if (!text)
		kb_json_null(j);
	else
		kb_json_text_n(j, text, strlen(text));
}

void kb_json_u64(struct kb_json *j, uint64_t v)
{
	before_value(j);
	kb_buf_printf(j->out, "%" PRIu64, v);
}

void kb_json_i64(struct kb_json *j, int64_t v)
{
	before_value(j);
	kb_buf_printf(j->out, "%" PRId64, v);
}

void kb_json_bool(struct kb_json *j, bool v)
{
	before_value(j);
	kb_buf_puts(j->out, v ? "true" : "false");
}

void kb_json_null(struct kb_json *j)
{
	before_value(j);
	kb_buf_puts(j->out, "null");
}

void kb_json_key_text(struct kb_json *j, const char *key, const char *text)
{
	kb_json_key(j, key);
	kb_json_text(j, text);
}

void kb_json_key_u64(struct kb_json *j, const char *key, uint64_t v)
{
	kb_json_key(j, key);
	kb_json_u64(j, v);
}

void kb_json_key_bool(struct kb_json *j, const char *key, bool v)
{
	kb_json_key(j, key);
	kb_json_bool(j, v);
}

void kb_json_finish(const struct kb_json *j)
{
	assert(j->done && j->depth == 0);
	(void)j;
}
