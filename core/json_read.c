#include "core/json_read.h"

#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

struct open {
	struct kb_value *value; /* a map or a list */
	char *key;              /* of the member being read */
};

struct reader {
	const char *name;
	const char *text;
	size_t len, at;
	size_t values;
	struct open open[KB_JSON_NEST_MAX];
	size_t depth;
	struct kb_buf scratch; /* the string being decoded */
	struct kb_err *err;
};

static int fault(struct reader *r, const char *what)
{
	size_t line = 1, begin = 0;

	for (size_t i = 0; i < r->at && i < r->len; i++)
		if (r->text[i] == '\n') {
			line++;
			begin = i + 1;
		}
	return kb_err_set(r->err, KB_E_INVALID, "%s:%zu:%zu: not JSON: %s", r->name, line,
			  r->at - begin + 1, what);
}

static void skip_space(struct reader *r)
{
	while (r->at < r->len && strchr(" \t\r\n", r->text[r->at]) && r->text[r->at])
		r->at++;
}

/* The byte at the cursor, or NUL at the end; a NUL in the text is no token
 * either, so the two need not be told apart. */
static char peek(const struct reader *r)
{
	return r->at < r->len ? r->text[r->at] : '\0';
}

static int take_hex(struct reader *r, uint32_t *ret)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		char c = peek(r);

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v << 4 | (uint32_t)(c - 'A' + 10);
		else
			return fault(r, "four hex digits expected");
		r->at++;
	}
	*ret = v;
	return 0;
}

static void put_utf8(struct kb_buf *buf, uint32_t c)
{
	if (c < 0x80) {
		kb_buf_putc(buf, (char)c);
		return;
	}
	if (c < 0x800) {
		kb_buf_putc(buf, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		kb_buf_putc(buf, (char)(0xe0 | c >> 12));
		kb_buf_putc(buf, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		kb_buf_putc(buf, (char)(0xf0 | c >> 18));
		kb_buf_putc(buf, (char)(0x80 | (c >> 12 & 0x3f)));
		kb_buf_putc(buf, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	kb_buf_putc(buf, (char)(0x80 | (c & 0x3f)));
}

/* After "\u". */
static int take_code_point(struct reader *r)
{
	uint32_t high = 0, low = 0;
	int rc = take_hex(r, &high);

	if (rc < 0)
		return rc;
	if (high == 0)
		return fault(r, "\\u0000 is refused");
	if (high >= 0xdc00 && high <= 0xdfff)
		return fault(r, "low surrogate without a high one");
	if (high < 0xd800 || high > 0xdbff) {
		put_utf8(&r->scratch, high);
		return 0;
	}
	if (r->len - r->at < 2 || memcmp(r->text + r->at, "\\u", 2) != 0)
		return fault(r, "high surrogate without a low one");
	r->at += 2;
	rc = take_hex(r, &low);
	if (rc < 0)
		return rc;
	if (low < 0xdc00 || low > 0xdfff)
		return fault(r, "high surrogate without a low one");
	put_utf8(&r->scratch, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
	return 0;
}

static int take_escape(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c = peek(r);
	const char *at = c ? strchr(from, c) : NULL;

	if (c != 'u' && !at)
		return fault(r, "unknown escape");
	r->at++;
	if (c == 'u')
		return take_code_point(r);
	kb_buf_putc(&r->scratch, to[at - from]);
	return 0;
}

/* From the opening quote on, decoded into the scratch buffer. */
static int take_string(struct reader *r)
{
	uint32_t point;
	size_t n;
	int rc;

	kb_buf_clear(&r->scratch);
	for (r->at++; peek(r) != '"'; r->at += n) {
		if (r->at >= r->len)
			return fault(r, "string without an end");
		n = 0;
		if (r->text[r->at] == '\\') {
			r->at++;
			rc = take_escape(r);
			if (rc < 0)
				return rc;
			continue;
		}
		n = kb_utf8_take(r->text + r->at, r->len - r->at, &point);
		if (!n)
			return fault(r, "bytes that are not UTF-8");
		if (point < 0x20)
			return fault(r, "control character in a string");
		kb_buf_add(&r->scratch, r->text + r->at, n);
	}
	r->at++;
	return 0;
}

static size_t digits(struct reader *r)
{
	size_t from = r->at;

	while (peek(r) >= '0' && peek(r) <= '9')
		r->at++;
	return r->at - from;
}

/* number = [ "-" ] ( "0" | [1-9]*digit ) [ "." 1*digit ] [ e [+-] 1*digit ] */
static int take_number(struct reader *r, struct kb_value **ret)
{
	size_t from = r->at;

	if (peek(r) == '-')
		r->at++;
	if (peek(r) == '0')
		r->at++;
	else if (!digits(r))
		return fault(r, "a value expected");
	if (peek(r) == '.') {
		r->at++;
		if (!digits(r))
			return fault(r, "a digit expected");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		if (!digits(r))
			return fault(r, "a digit expected");
	}
	*ret = kb_value_text_n(r->text + from, r->at - from);
	return 0;
}

static int take_word(struct reader *r, const char *word, struct kb_value *value,
		     struct kb_value **ret)
{
	kb_autovalue struct kb_value *owned = value;
	size_t n = strlen(word);

	if (r->len - r->at < n || memcmp(r->text + r->at, word, n) != 0)
		return fault(r, "a value expected");
	r->at += n;
	*ret = kb_steal(owned);
	return 0;
}

static int take_scalar(struct reader *r, struct kb_value **ret)
{
	int rc;

	switch (peek(r)) {
	case '"':
		rc = take_string(r);
		if (rc < 0)
			return rc;
		*ret = kb_value_text_n(r->scratch.data ? r->scratch.data : "", r->scratch.len);
		return 0;
	case 't': return take_word(r, "true", kb_value_bool(true), ret);
	case 'f': return take_word(r, "false", kb_value_bool(false), ret);
	case 'n': return take_word(r, "null", kb_value_null(), ret);
	default: return take_number(r, ret);
	}
}

static bool is_map(const struct open *o)
{
	return kb_value_kind(o->value) == KB_VALUE_MAP;
}

/* `"key" :`, remembered for the value that follows. */
static int take_key(struct reader *r, struct open *o)
{
	int rc;

	skip_space(r);
	if (peek(r) != '"')
		return fault(r, "a member's name expected");
	rc = take_string(r);
	if (rc < 0)
		return rc;
	if (kb_value_get_n(o->value, r->scratch.data ? r->scratch.data : "", r->scratch.len))
		return fault(r, "a member twice");
	o->key = kb_strndup(r->scratch.data ? r->scratch.data : "", r->scratch.len);
	skip_space(r);
	if (peek(r) != ':')
		return fault(r, "':' expected");
	r->at++;
	return 0;
}

static void attach(struct open *o, struct kb_value *value)
{
	if (!is_map(o)) {
		kb_value_push(o->value, value);
		return;
	}
	kb_value_set(o->value, o->key, value);
	kb_cleanup_free(&o->key);
	o->key = NULL;
}

static int push(struct reader *r)
{
	bool map = peek(r) == '{';

	if (r->depth == KB_JSON_NEST_MAX)
		return fault(r, "nested too deeply");
	r->at++;
	r->open[r->depth++] = (struct open){map ? kb_value_map() : kb_value_list(), NULL};
	return 0;
}

static char closing(const struct open *o)
{
	return is_map(o) ? '}' : ']';
}

/* One value began at the cursor: either a container that is now open (and not
 * empty), or *RET. */
static int take_value(struct reader *r, struct kb_value **ret)
{
	struct open *top;
	int rc;

	skip_space(r);
	if (++r->values > KB_JSON_VALUES_MAX)
		return fault(r, "too many values");
	if (peek(r) != '{' && peek(r) != '[')
		return take_scalar(r, ret);
	rc = push(r);
	if (rc < 0)
		return rc;
	top = &r->open[r->depth - 1];
	skip_space(r);
	if (peek(r) != closing(top))
		return is_map(top) ? take_key(r, top) : 0;
	r->at++;
	*ret = kb_steal(top->value);
	r->depth--;
	return 0;
}

/* VALUE is complete: hand it to what encloses it, and close whatever ends
 * there. *RET becomes the outermost value once that is complete. */
static int climb(struct reader *r, struct kb_value *value, struct kb_value **ret)
{
	while (r->depth) {
		struct open *top = &r->open[r->depth - 1];

		attach(top, value);
		skip_space(r);
		if (peek(r) == ',') {
			r->at++;
			return is_map(top) ? take_key(r, top) : 0;
		}
		if (peek(r) != closing(top))
			return fault(r,
				     is_map(top) ? "',' or '}' expected" : "',' or ']' expected");
		r->at++;
		value = kb_steal(top->value);
		r->depth--;
	}
	*ret = value;
	return 0;
}

static int read_all(struct reader *r, struct kb_value **ret)
{
	kb_autovalue struct kb_value *whole = NULL;
	int rc = 0;

	while (!whole) {
		struct kb_value *value = NULL;

		rc = take_value(r, &value);
		if (rc == 0 && value)
			rc = climb(r, value, &whole);
		if (rc < 0)
			return rc;
	}
	skip_space(r);
	if (r->at != r->len)
		return fault(r, "more text after the value");
	*ret = kb_steal(whole);
	return 0;
}

int kb_json_parse(const char *name, const char *text, size_t len, struct kb_value **ret_value,
		  struct kb_err *err)
{
	struct reader r = {.name = name, .text = text, .len = len, .err = err};
	int rc;

	if (len > KB_JSON_TEXT_MAX)
		return kb_err_set(err, KB_E_INVALID, "%s: %zu bytes of JSON, at most %d", name, len,
				  KB_JSON_TEXT_MAX);
	rc = read_all(&r, ret_value);
	while (r.depth) {
		r.depth--;
		kb_value_free(r.open[r.depth].value);
		kb_cleanup_free(&r.open[r.depth].key);
	}
	kb_buf_free(&r.scratch);
	return rc;
}

const char *kb_json_member(const struct kb_value *map, const char *key)
{
	const struct kb_value *v =
		map && kb_value_kind(map) == KB_VALUE_MAP ? kb_value_get(map, key) : NULL;

	return v && kb_value_kind(v) == KB_VALUE_TEXT ? kb_value_str(v, NULL) : "";
}

uint64_t kb_json_member_u64(const struct kb_value *map, const char *key)
{
	const char *s = kb_json_member(map, key);
	uint64_t v = 0;

	if (!*s)
		return 0;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return 0;
	}
	return v;
}
