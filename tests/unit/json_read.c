#include "tests/unit/json_read.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"

enum { DEPTH_MAX = 64, FILE_MAX = 16 * 1024 * 1024 };

struct reader {
	const char *at, *end;
	int depth;
};

static struct kb_value *read_value(struct reader *r);

static void skip_space(struct reader *r)
{
	while (r->at < r->end && memchr(" \t\r\n", *r->at, 4))
		r->at++;
}

static bool take(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	skip_space(r);
	if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
		return false;
	r->at += n;
	return true;
}

static bool read_hex(struct reader *r, uint32_t *ret_unit)
{
	uint32_t v = 0;

	if (r->end - r->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF";
		const char *d = *r->at ? strchr(digits, *r->at++) : NULL;

		if (!d)
			return false;
		v = v << 4 | (uint32_t)(d - digits) % 16;
	}
	*ret_unit = v;
	return true;
}

static void add_point(struct kb_buf *out, uint32_t p)
{
	if (p < 0x80) {
		kb_buf_putc(out, (char)p);
	} else if (p < 0x800) {
		kb_buf_putc(out, (char)(0xc0 | p >> 6));
		kb_buf_putc(out, (char)(0x80 | (p & 63)));
	} else if (p < 0x10000) {
		kb_buf_putc(out, (char)(0xe0 | p >> 12));
		kb_buf_putc(out, (char)(0x80 | (p >> 6 & 63)));
		kb_buf_putc(out, (char)(0x80 | (p & 63)));
	} else {
		kb_buf_putc(out, (char)(0xf0 | p >> 18));
		kb_buf_putc(out, (char)(0x80 | (p >> 12 & 63)));
		kb_buf_putc(out, (char)(0x80 | (p >> 6 & 63)));
		kb_buf_putc(out, (char)(0x80 | (p & 63)));
	}
}

static bool read_unicode(struct reader *r, struct kb_buf *out)
{
	uint32_t unit = 0, low = 0;

	if (!read_hex(r, &unit))
		return false;
	if (unit >= 0xd800 && unit < 0xdc00) {
		if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
			return false;
		r->at += 2;
		if (!read_hex(r, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	}
	add_point(out, unit);
	return true;
}

static bool read_escape(struct reader *r, struct kb_buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *hit;

	if (r->at == r->end)
		return false;
	if (*r->at == 'u') {
		r->at++;
		return read_unicode(r, out);
	}
	hit = *r->at ? strchr(from, *r->at++) : NULL;
	if (hit)
		kb_buf_putc(out, to[hit - from]);
	return hit != NULL;
}

static bool read_string(struct reader *r, struct kb_buf *out)
{
	if (!take(r, "\""))
		return false;
	while (r->at < r->end && *r->at != '"') {
		char c = *r->at++;

		if ((unsigned char)c < 0x20)
			return false;
		if (c != '\\')
			kb_buf_putc(out, c);
		else if (!read_escape(r, out))
			return false;
	}
	if (r->at == r->end)
		return false;
	r->at++;
	return true;
}

static struct kb_value *read_text(struct reader *r)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	kb_buf_reserve(&text, 0);
	return read_string(r, &text) ? kb_value_text_n(text.data, text.len) : NULL;
}

static struct kb_value *read_number(struct reader *r)
{
	const char *from = r->at;

	while (r->at < r->end && *r->at && strchr("+-.0123456789eE", *r->at))
		r->at++;
	return r->at > from ? kb_value_text_n(from, (size_t)(r->at - from)) : NULL;
}

static bool read_member(struct reader *r, struct kb_value *map)
{
	kb_autobuf struct kb_buf key = KB_BUF_INIT;
	struct kb_value *value;

	kb_buf_reserve(&key, 0);
	kb_buf_clear(&key);
	if (!read_string(r, &key) || !take(r, ":"))
		return false;
	value = read_value(r);
	if (!value)
		return false;
	kb_value_set(map, key.data, value);
	return true;
}

static bool read_element(struct reader *r, struct kb_value *list)
{
	struct kb_value *value = read_value(r);

	if (!value)
		return false;
	kb_value_push(list, value);
	return true;
}

/* After the opening bracket. */
static struct kb_value *read_members(struct reader *r, struct kb_value *container,
				     bool (*read_one)(struct reader *, struct kb_value *),
				     const char *close)
{
	kb_autovalue struct kb_value *v = container;

	if (take(r, close))
		return kb_steal(v);
	do {
		if (!read_one(r, v))
			return NULL;
	} while (take(r, ","));
	return take(r, close) ? kb_steal(v) : NULL;
}

static struct kb_value *read_container(struct reader *r, bool map)
{
	struct kb_value *v;

	if (r->depth == DEPTH_MAX)
		return NULL;
	r->depth++;
	v = map ? read_members(r, kb_value_map(), read_member, "}")
		: read_members(r, kb_value_list(), read_element, "]");
	r->depth--;
	return v;
}

static struct kb_value *read_value(struct reader *r)
{
	skip_space(r);
	if (r->at == r->end)
		return NULL;
	if (*r->at == '"')
		return read_text(r);
	if (take(r, "{"))
		return read_container(r, true);
	if (take(r, "["))
		return read_container(r, false);
	if (take(r, "true"))
		return kb_value_bool(true);
	if (take(r, "false"))
		return kb_value_bool(false);
	if (take(r, "null"))
		return kb_value_null();
	return read_number(r);
}

struct kb_value *json_read(const char *text, size_t len)
{
	struct reader r = {text, text + len, 0};
	kb_autovalue struct kb_value *v = read_value(&r);

	skip_space(&r);
	return v && r.at == r.end ? kb_steal(v) : NULL;
}

struct kb_value *json_read_file(const char *path)
{
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;

	if (kb_file_read(path, FILE_MAX, &buf, NULL) < 0 || !buf.data)
		return NULL;
	return json_read(buf.data, buf.len);
}
