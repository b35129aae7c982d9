#include "stub/redact.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct form {
	char *text;
	size_t len;
};

struct kb_redact {
	struct form *forms;
	size_t n, cap;
	/* which pairs of bytes begin a form: few do, so nearly every position
	 * of a line is passed with one look */
	uint8_t pairs[65536 / 8];
};

struct kb_redact *kb_redact_new(void)
{
	return kb_alloc(1, sizeof(struct kb_redact));
}

void kb_redact_free(struct kb_redact *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++) {
		explicit_bzero(r->forms[i].text, r->forms[i].len);
		free(r->forms[i].text);
	}
	free(r->forms);
	explicit_bzero(r, sizeof(*r));
	free(r);
}

static unsigned pair_at(const char *p)
{
	return (unsigned)(uint8_t)p[0] << 8 | (uint8_t)p[1];
}

static void add_form(struct kb_redact *r, const char *text, size_t len)
{
	unsigned pair;

	if (len < KB_REDACT_MIN)
		return;
	for (size_t i = 0; i < r->n; i++)
		if (r->forms[i].len == len && memcmp(r->forms[i].text, text, len) == 0)
			return;
	r->forms = kb_grow(r->forms, r->n, &r->cap, sizeof(*r->forms));
	r->forms[r->n].text = kb_strndup(text, len);
	r->forms[r->n++].len = len;
	pair = pair_at(text);
	r->pairs[pair / 8] |= (uint8_t)(1u << pair % 8);
}

/* Wiped when it goes out of scope: every one of these holds a spelling. They do
 * not grow: what is left behind by growing is wiped by nobody. */
#define autowipe __attribute__((cleanup(kb_buf_wipe))) struct kb_buf

static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

static void put_hex(struct kb_buf *out, char c, const char *digits)
{
	kb_buf_putc(out, digits[(uint8_t)c >> 4]);
	kb_buf_putc(out, digits[(uint8_t)c & 15]);
}

static void add_hex(struct kb_redact *r, const char *s, size_t len, const char *digits)
{
	autowipe out = KB_BUF_INIT;

	kb_buf_reserve(&out, 2 * len);
	for (size_t i = 0; i < len; i++)
		put_hex(&out, s[i], digits);
	add_form(r, out.data, out.len);
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c));
}

static void add_percent(struct kb_redact *r, const char *s, size_t len, const char *digits)
{
	autowipe out = KB_BUF_INIT;

	kb_buf_reserve(&out, 3 * len);
	for (size_t i = 0; i < len; i++) {
		if (is_unreserved(s[i])) {
			kb_buf_putc(&out, s[i]);
			continue;
		}
		kb_buf_putc(&out, '%');
		put_hex(&out, s[i], digits);
	}
	add_form(r, out.data, out.len);
}

static void add_json(struct kb_redact *r, const char *s, size_t len)
{
	autowipe out = KB_BUF_INIT;

	kb_buf_reserve(&out, 2 * len);
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			kb_buf_putc(&out, '\\');
		kb_buf_putc(&out, s[i]);
	}
	add_form(r, out.data, out.len);
}

/* Those characters of the Base64 text that the secret alone decides, when it
 * stands SHIFT bytes (0 to 2) into a group of three. */
static void add_base64(struct kb_redact *r, const char *s, size_t len, unsigned shift,
		       const char *alphabet)
{
	autowipe out = KB_BUF_INIT;
	size_t bits = (shift + len) * 8, first = (shift * 8 + 5) / 6;

	kb_buf_reserve(&out, bits / 6);
	for (size_t at = first; (at + 1) * 6 <= bits; at++) {
		size_t byte = at * 6 / 8 - shift;
		unsigned two = (unsigned)(uint8_t)s[byte] << 8;

		if (byte + 1 < len)
			two |= (uint8_t)s[byte + 1];
		kb_buf_putc(&out, alphabet[two >> (10 - at * 6 % 8) & 63]);
	}
	if (out.len)
		add_form(r, out.data, out.len);
}

static void add_reversed(struct kb_redact *r, const char *s, size_t len)
{
	autowipe out = KB_BUF_INIT;

	kb_buf_reserve(&out, len);
	for (size_t i = len; i > 0; i--)
		kb_buf_putc(&out, s[i - 1]);
	add_form(r, out.data, out.len);
}

void kb_redact_add(struct kb_redact *r, const char *secret, size_t len)
{
	static const char standard[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char url[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	if (len < KB_REDACT_MIN)
		return;
	add_form(r, secret, len);
	add_reversed(r, secret, len);
	add_json(r, secret, len);
	add_hex(r, secret, len, lower);
	add_hex(r, secret, len, upper);
	add_percent(r, secret, len, lower);
	add_percent(r, secret, len, upper);
	for (unsigned shift = 0; shift < 3; shift++) {
		add_base64(r, secret, len, shift, standard);
		add_base64(r, secret, len, shift, url);
	}
}

/* Length of the longest form that begins at P, or 0. */
static size_t match(const struct kb_redact *r, const char *p, size_t left)
{
	size_t longest = 0;

	if (left < KB_REDACT_MIN || !(r->pairs[pair_at(p) / 8] >> pair_at(p) % 8 & 1))
		return 0;
	for (size_t i = 0; i < r->n; i++)
		if (r->forms[i].len <= left && r->forms[i].len > longest &&
		    memcmp(r->forms[i].text, p, r->forms[i].len) == 0)
			longest = r->forms[i].len;
	return longest;
}

/* Does a form begin with all that is left from P on? */
static bool begins(const struct kb_redact *r, const char *p, size_t left)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->forms[i].len > left && memcmp(r->forms[i].text, p, left) == 0)
			return true;
	return false;
}

void kb_redact_line(const struct kb_redact *r, const char *line, size_t len, bool cut,
		    struct kb_buf *out)
{
	size_t done = 0;

	for (size_t at = 0; r && at < len;) {
		size_t n = match(r, line + at, len - at);

		if (n == 0 && cut && begins(r, line + at, len - at))
			n = len - at;
		if (n == 0) {
			at++;
			continue;
		}
		kb_buf_add(out, line + done, at - done);
		kb_buf_puts(out, "***");
		at += n;
		done = at;
	}
	kb_buf_add(out, line + done, len - done);
}
