/* One HTTP/1.1 request over one connected stream socket: the connection is
 * used once and closed, so no state survives into the next request. For the
 * Docker Engine API on a UNIX socket only: no redirects, no encodings, no TLS.
 *
 * Order: kb_http_new, kb_http_begin, any number of kb_http_send when there is
 * a body, kb_http_answer, kb_http_next until it says the end, kb_http_free.
 *
 * A peer that answers while the body is still being sent is heard: kb_http_send
 * then says KB_HTTP_ANSWERED, and the answer is read as usual, also when the
 * peer has closed its end and writing would only give EPIPE.
 *
 * Faults of the peer are KB_E_DEPENDENCY, silence is KB_E_TIMEOUT. Time in
 * which this process was stopped (SIGSTOP, a suspended machine) does not count
 * as silence. SIGPIPE is never raised.
 */
#ifndef STUB_HTTP_H
#define STUB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define KB_HTTP_TARGET_MAX 4096
#define KB_HTTP_SLICE_MS   200 /* the longest wait between two calls of tick */

/* kb_http_send: the peer has answered, or will take no more. */
#define KB_HTTP_ANSWERED 1

struct kb_http_options {
	unsigned idle_ms;  /* longest silence */
	unsigned total_ms; /* longest sum of waiting; 0 is no limit */
	uint64_t body_max; /* bytes of the answer's body */
	/* Called while waiting; non-zero ends the request as KB_E_INTERRUPTED. */
	int (*tick)(void *ctx);
	void *ctx;
};

struct kb_http;

/* Takes over FD. The options are copied. */
struct kb_http *kb_http_new(int fd, const struct kb_http_options *options);
/* Closes the connection; in the middle of a request this aborts it. */
void kb_http_free(struct kb_http *http);

#define kb_autohttp __attribute__((cleanup(kb_http_cleanup)))
void kb_http_cleanup(struct kb_http **http);

/* Send the head of a request. TARGET is printable ASCII without spaces.
 * CONTENT_TYPE NULL: no body follows. Else it follows in chunks. A peer that
 * hangs up is reported by kb_http_answer. */
int kb_http_begin(struct kb_http *http, const char *method, const char *target,
		  const char *content_type, struct kb_err *err);

/* A piece of the body. 0, KB_HTTP_ANSWERED or a negative code. */
int kb_http_send(struct kb_http *http, const void *data, size_t len, struct kb_err *err);

/* End the body unless it was answered early, and read the answer's head. */
int kb_http_answer(struct kb_http *http, int *ret_status, struct kb_err *err);

/* Change what may be waited for from here on. */
void kb_http_set_idle(struct kb_http *http, unsigned idle_ms);

/* The next run of the answer's body, valid until the next call; length 0 is
 * the end. */
int kb_http_next(struct kb_http *http, const char **ret_data, size_t *ret_len, struct kb_err *err);

#endif
