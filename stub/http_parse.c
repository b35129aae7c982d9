#include "stub/http_parse.h"

#include <string.h>
#include <strings.h>

#define BAD(...) kb_err_set(err, KB_E_DEPENDENCY, "http answer: " __VA_ARGS__)

void kb_http_parser_init(struct kb_http_parser *p, uint64_t body_max)
{
	memset(p, 0, offsetof(struct kb_http_parser, line));
	p->body_max = body_max;
}

/* tchar of RFC 9110, section 5.6.2 */
static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* HTTP-version SP 3DIGIT SP [ text ] */
static int status_line(struct kb_http_parser *p, struct kb_err *err)
{
	const char *s = p->line;

	if (p->line_len < 12 ||
	    (memcmp(s, "HTTP/1.1 ", 9) != 0 && memcmp(s, "HTTP/1.0 ", 9) != 0) || !is_digit(s[9]) ||
	    !is_digit(s[10]) || !is_digit(s[11]) || (p->line_len > 12 && s[12] != ' '))
		return BAD("no HTTP/1 status line");
	p->status = (s[9] - '0') * 100 + (s[10] - '0') * 10 + (s[11] - '0');
	if (p->status < 100 || p->status > 599)
		return BAD("status %d", p->status);
	if (p->status == 101)
		return BAD("an upgrade nobody asked for");
	p->state = KB_HTTP_HEADER;
	return 0;
}

static int content_length(struct kb_http_parser *p, const char *value, struct kb_err *err)
{
	uint64_t n = 0;

	if (p->has_length)
		return BAD("Content-Length twice");
	if (!*value)
		return BAD("Content-Length is no number");
	for (; *value; value++)
		if (!is_digit(*value) || __builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*value - '0'), &n))
			return BAD("Content-Length is no number");
	p->has_length = true;
	p->left = n;
	return 0;
}

static int header(struct kb_http_parser *p, const char *name, const char *value, struct kb_err *err)
{
	if (strcasecmp(name, "Content-Length") == 0)
		return content_length(p, value, err);
	if (strcasecmp(name, "Transfer-Encoding") == 0) {
		if (p->chunked || strcasecmp(value, "chunked") != 0)
			return BAD("a transfer encoding other than chunked");
		p->chunked = true;
	} else if (strcasecmp(name, "Content-Encoding") == 0) {
		if (strcasecmp(value, "identity") != 0)
			return BAD("a content encoding nobody asked for");
	} else if (strcasecmp(name, "Content-Type") == 0) {
		size_t n = strlen(value);

		n = n < KB_HTTP_TYPE_MAX ? n : KB_HTTP_TYPE_MAX - 1;
		memcpy(p->content_type, value, n);
		p->content_type[n] = '\0';
	}
	return 0;
}

/* field-name ":" OWS field-value OWS; also a trailer's, where it means nothing. */
static int header_line(struct kb_http_parser *p, struct kb_err *err)
{
	char *colon = memchr(p->line, ':', p->line_len), *value;
	char *end = p->line + p->line_len;

	if (++p->headers > KB_HTTP_HEADERS_MAX)
		return BAD("more than %d headers", KB_HTTP_HEADERS_MAX);
	if (!colon || colon == p->line)
		return BAD("a header without a name");
	for (char *c = p->line; c < colon; c++)
		if (!is_token_char(*c))
			return BAD("a header name with byte 0x%02x", (unsigned char)*c);
	for (value = colon + 1; value < end; value++)
		if (((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7f)
			return BAD("a header value with byte 0x%02x", (unsigned char)*value);
	for (value = colon + 1; *value == ' ' || *value == '\t'; value++)
		;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*colon = '\0';
	*end = '\0';
	return p->state == KB_HTTP_TRAILER ? 0 : header(p, p->line, value, err);
}

/* A final head is complete: which framing has the body? (RFC 9112, section 6.3) */
static int head_end(struct kb_http_parser *p, struct kb_err *err)
{
	if (p->status < 200) {
		if (p->has_length || p->chunked)
			return BAD("an interim answer with a body");
		if (++p->interim > KB_HTTP_INTERIM_MAX)
			return BAD("more than %d interim answers", KB_HTTP_INTERIM_MAX);
		p->state = KB_HTTP_STATUS_LINE;
		p->status = 0;
		return 0;
	}
	if (p->chunked && p->has_length)
		return BAD("both a length and chunks");
	if (p->has_length && p->left > p->body_max)
		return BAD("%llu bytes of body, at most %llu", (unsigned long long)p->left,
			   (unsigned long long)p->body_max);
	if (p->status == 204 || p->status == 304 || (p->has_length && p->left == 0))
		p->state = KB_HTTP_DONE;
	else if (p->chunked)
		p->state = KB_HTTP_CHUNK_SIZE;
	else
		p->state = p->has_length ? KB_HTTP_BODY_LENGTH : KB_HTTP_BODY_CLOSE;
	return 0;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int chunk_size(struct kb_http_parser *p, struct kb_err *err)
{
	uint64_t n = 0;

	if (p->line_len == 0 || p->line_len > 16)
		return BAD("a chunk size of %zu digits", p->line_len);
	for (size_t i = 0; i < p->line_len; i++) {
		int v = hex_value(p->line[i]);

		if (v < 0)
			return BAD("a chunk size with byte 0x%02x", (unsigned char)p->line[i]);
		n = n << 4 | (uint64_t)v;
	}
	p->left = n;
	p->state = n ? KB_HTTP_CHUNK_DATA : KB_HTTP_TRAILER;
	return 0;
}

static int line_end(struct kb_http_parser *p, struct kb_err *err)
{
	p->line[p->line_len] = '\0';
	switch (p->state) {
	case KB_HTTP_STATUS_LINE: return status_line(p, err);
	case KB_HTTP_HEADER: return p->line_len ? header_line(p, err) : head_end(p, err);
	case KB_HTTP_CHUNK_SIZE: return chunk_size(p, err);
	case KB_HTTP_CHUNK_END:
		if (p->line_len)
			return BAD("a chunk longer than it said");
		p->state = KB_HTTP_CHUNK_SIZE;
		return 0;
	default: /* trailer */
		if (p->line_len)
			return header_line(p, err);
		p->state = KB_HTTP_DONE;
		return 0;
	}
}

/* What a line in this state may take: framing of chunks is not counted as
 * head, as there may be any number of them within the body's limit. */
static size_t line_max(const struct kb_http_parser *p)
{
	switch (p->state) {
	case KB_HTTP_CHUNK_SIZE: return 16;
	case KB_HTTP_CHUNK_END: return 0;
	default: return KB_HTTP_LINE_MAX - 1;
	}
}

static bool in_line(const struct kb_http_parser *p)
{
	return p->state == KB_HTTP_STATUS_LINE || p->state == KB_HTTP_HEADER ||
	       p->state == KB_HTTP_CHUNK_SIZE || p->state == KB_HTTP_CHUNK_END ||
	       p->state == KB_HTTP_TRAILER;
}

/* One byte of a line. The CR is kept in the buffer until its LF comes. */
static int take_byte(struct kb_http_parser *p, char c, struct kb_err *err)
{
	bool after_cr = p->line_len && p->line[p->line_len - 1] == '\r';

	if (p->state != KB_HTTP_CHUNK_SIZE && p->state != KB_HTTP_CHUNK_END &&
	    ++p->head_len > KB_HTTP_HEAD_MAX)
		return BAD("a head of more than %d bytes", KB_HTTP_HEAD_MAX);
	if (c == '\n') {
		int rc;

		if (!after_cr)
			return BAD("a line that ends without CR");
		p->line_len--;
		rc = line_end(p, err);
		p->line_len = 0;
		return rc;
	}
	if (after_cr)
		return BAD("CR inside a line");
	if (p->line_len > line_max(p) || (p->line_len == line_max(p) && c != '\r'))
		return BAD("a line of more than %zu bytes", line_max(p));
	p->line[p->line_len++] = c;
	return 0;
}

/* Bytes of body: at most what is left of it, and never more than allowed. */
static int take_body(struct kb_http_parser *p, size_t len, size_t *ret_len, struct kb_err *err)
{
	if (p->state != KB_HTTP_BODY_CLOSE && len > p->left)
		len = (size_t)p->left;
	if (len > p->body_max - p->body)
		return BAD("more than %llu bytes of body", (unsigned long long)p->body_max);
	p->body += len;
	if (p->state != KB_HTTP_BODY_CLOSE) {
		p->left -= len;
		if (p->left == 0)
			p->state =
				p->state == KB_HTTP_CHUNK_DATA ? KB_HTTP_CHUNK_END : KB_HTTP_DONE;
	}
	*ret_len = len;
	return 0;
}

int kb_http_parse(struct kb_http_parser *p, const char *data, size_t len, size_t *ret_used,
		  const char **ret_body, size_t *ret_body_len, struct kb_err *err)
{
	bool had_head = kb_http_has_head(p);
	size_t at = 0, n = 0;
	int rc;

	*ret_body = NULL;
	*ret_body_len = 0;
	while (at < len && in_line(p) && had_head == kb_http_has_head(p)) {
		rc = take_byte(p, data[at++], err);
		if (rc < 0)
			return rc;
	}
	if (at < len && had_head && !in_line(p) && p->state != KB_HTTP_DONE) {
		rc = take_body(p, len - at, &n, err);
		if (rc < 0)
			return rc;
		*ret_body = data + at;
		*ret_body_len = n;
	}
	*ret_used = at + n;
	return 0;
}

int kb_http_parse_eof(struct kb_http_parser *p, struct kb_err *err)
{
	if (p->state == KB_HTTP_BODY_CLOSE)
		p->state = KB_HTTP_DONE;
	if (p->state == KB_HTTP_DONE)
		return 0;
	if (p->state == KB_HTTP_STATUS_LINE && !p->head_len)
		return BAD("the engine closed the connection without one");
	return BAD("cut off; the engine closed the connection");
}
