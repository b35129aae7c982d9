/* The receiving half of HTTP/1.1 (RFC 9112) as a parser without I/O: bytes go
 * in, the head and runs of body bytes come out. Only what a container engine
 * sends: responses, framed by length, by chunks or by the end of the
 * connection. What two readers could understand differently is refused: bare
 * LF, folded headers, two framings at once, lengths that are no plain number,
 * chunk extensions. Interim responses (1xx) are passed over, upgrades refused.
 *
 * The peer is not trusted: every length has a named maximum, memory is
 * constant, and nothing recurses. All faults are KB_E_DEPENDENCY.
 */
#ifndef STUB_HTTP_PARSE_H
#define STUB_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define KB_HTTP_LINE_MAX    8192        /* status line, header, chunk size */
#define KB_HTTP_HEAD_MAX    (64 * 1024) /* all of head, interim heads and trailer */
#define KB_HTTP_HEADERS_MAX 128         /* of head and trailer */
#define KB_HTTP_INTERIM_MAX 8
#define KB_HTTP_TYPE_MAX    128

enum kb_http_state {
	KB_HTTP_STATUS_LINE,
	KB_HTTP_HEADER,
	KB_HTTP_BODY_LENGTH,
	KB_HTTP_BODY_CLOSE, /* until the peer closes */
	KB_HTTP_CHUNK_SIZE,
	KB_HTTP_CHUNK_DATA,
	KB_HTTP_CHUNK_END,
	KB_HTTP_TRAILER,
	KB_HTTP_DONE,
};

struct kb_http_parser {
	enum kb_http_state state;
	int status;                          /* once the head is complete */
	char content_type[KB_HTTP_TYPE_MAX]; /* cut when longer; "" when absent */
	uint64_t left;                       /* of the body or of the chunk */
	uint64_t body;                       /* bytes of body seen so far.. */
	uint64_t body_max;                   /* ..and how many there may be */
	bool chunked, has_length;
	unsigned headers, interim;
	size_t head_len, line_len;
	char line[KB_HTTP_LINE_MAX + 1];
};

void kb_http_parser_init(struct kb_http_parser *p, uint64_t body_max);

/* Take bytes from DATA. Stops behind the head, behind each run of body bytes,
 * at the end of the response, or when DATA is used up; call again with the
 * rest. *RET_BODY points into DATA and is NULL when there is no run. */
int kb_http_parse(struct kb_http_parser *p, const char *data, size_t len, size_t *ret_used,
		  const char **ret_body, size_t *ret_body_len, struct kb_err *err);

/* The peer closed the connection. */
int kb_http_parse_eof(struct kb_http_parser *p, struct kb_err *err);

static inline bool kb_http_has_head(const struct kb_http_parser *p)
{
	return p->state > KB_HTTP_HEADER;
}

#endif
