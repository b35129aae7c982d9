#include "stub/http.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"
#include "stub/http_parse.h"

#define IN_LEN    (64 * 1024)
#define OUT_LEN   (64 * 1024) /* small pieces of body are sent together */
#define SMALL_LEN (16 * 1024)

struct kb_http {
	int fd;
	struct kb_http_options options;
	uint64_t idle_ms, total_ms; /* waited so far */
	struct kb_http_parser parser;
	char *in; /* received; [at, len) is not parsed yet */
	size_t in_at, in_len;
	bool eof;
	bool body;   /* the request has one, in chunks */
	bool closed; /* the peer takes no more */
	char *out;
	size_t out_len;
};

struct kb_http *kb_http_new(int fd, const struct kb_http_options *options)
{
	struct kb_http *h = kb_alloc(1, sizeof(*h));
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	h->fd = fd;
	h->options = *options;
	h->in = kb_alloc(IN_LEN, 1);
	h->out = kb_alloc(OUT_LEN, 1);
	kb_http_parser_init(&h->parser, options->body_max);
	return h;
}

void kb_http_free(struct kb_http *h)
{
	if (!h)
		return;
	close(h->fd);
	free(h->in);
	free(h->out);
	free(h);
}

void kb_http_cleanup(struct kb_http **http)
{
	kb_http_free(*http);
}

void kb_http_set_idle(struct kb_http *h, unsigned idle_ms)
{
	h->options.idle_ms = idle_ms;
	h->idle_ms = 0;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int out_of_patience(const struct kb_http *h, bool active, struct kb_err *err)
{
	if (!active && h->idle_ms > h->options.idle_ms)
		return kb_err_set(err, KB_E_TIMEOUT, "the engine was silent for %u seconds",
				  h->options.idle_ms / 1000);
	if (h->options.total_ms && h->total_ms > h->options.total_ms)
		return kb_err_set(err, KB_E_TIMEOUT, "the engine did not finish within %u seconds",
				  h->options.total_ms / 1000);
	return 0;
}

/* Wait until EVENTS or until the peer hangs up. One slice counts for no more
 * than it should have taken: the rest of it this process was stopped. */
static int wait_for(struct kb_http *h, short events, short *ret_events, struct kb_err *err)
{
	struct pollfd p = {.fd = h->fd, .events = events};
	int n;

	do {
		uint64_t before = now_ms(), took;
		int rc;

		n = poll(&p, 1, KB_HTTP_SLICE_MS);
		if (n < 0 && errno != EINTR)
			return kb_err_errno(err, KB_E_IO, "poll");
		if (h->options.tick && h->options.tick(h->options.ctx) != 0)
			return kb_err_set(err, KB_E_INTERRUPTED,
					  "stopped while the engine was working");
		took = now_ms() - before;
		took = took < 2 * KB_HTTP_SLICE_MS ? took : KB_HTTP_SLICE_MS;
		h->idle_ms += took;
		h->total_ms += took;
		rc = out_of_patience(h, n > 0, err);
		if (rc < 0)
			return rc;
	} while (n <= 0);
	*ret_events = p.revents;
	return 0;
}

/* Receive what is there into the free part of the buffer. 0 when that is
 * nothing; the end of the connection is remembered. A reset after the answer
 * arrived is an end like any other. */
static void receive(struct kb_http *h)
{
	ssize_t n;

	if (h->in_at == h->in_len)
		h->in_at = h->in_len = 0;
	if (h->eof || h->in_len == IN_LEN)
		return;
	n = recv(h->fd, h->in + h->in_len, IN_LEN - h->in_len, 0);
	if (n > 0) {
		h->in_len += (size_t)n;
		h->idle_ms = 0;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		h->eof = true;
	}
}

static int parse(struct kb_http *h, const char **ret_body, size_t *ret_len, struct kb_err *err)
{
	size_t used = 0;
	int rc = kb_http_parse(&h->parser, h->in + h->in_at, h->in_len - h->in_at, &used, ret_body,
			       ret_len, err);

	h->in_at += used;
	return rc;
}

/* Something came while we were sending: is it a refusal? A good head is no
 * reason to stop; whatever body follows it waits in the buffer. */
static int listen_early(struct kb_http *h, struct kb_err *err)
{
	const char *body;
	size_t len;
	int rc;

	receive(h);
	if (!kb_http_has_head(&h->parser)) {
		rc = parse(h, &body, &len, err);
		if (rc < 0)
			return rc;
	}
	if (kb_http_has_head(&h->parser) && h->parser.status >= 300)
		return KB_HTTP_ANSWERED;
	return h->eof ? KB_HTTP_ANSWERED : 0;
}

static void advance(struct iovec **iov, int *n, size_t done)
{
	while (*n && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		(*iov)++;
		(*n)--;
	}
	if (*n) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + done;
		(*iov)->iov_len -= done;
	}
}

static int wait_to_write(struct kb_http *h, struct kb_err *err)
{
	bool room = h->in_len < IN_LEN || h->in_at == h->in_len;
	short got = 0;
	int rc = wait_for(h, (short)(POLLOUT | (room ? POLLIN : 0)), &got, err);

	if (rc < 0)
		return rc;
	return got & (POLLIN | POLLHUP | POLLERR) ? listen_early(h, err) : 0;
}

/* All of it, or KB_HTTP_ANSWERED. */
static int write_all(struct kb_http *h, struct iovec *iov, int n, struct kb_err *err)
{
	int rc = 0;

	while (n && rc == 0) {
		struct msghdr m = {.msg_iov = iov, .msg_iovlen = (size_t)n};
		ssize_t done = sendmsg(h->fd, &m, MSG_NOSIGNAL);

		if (done >= 0) {
			h->idle_ms = 0;
			advance(&iov, &n, (size_t)done);
		} else if (errno == EAGAIN) {
			rc = wait_to_write(h, err);
		} else if (errno != EINTR) {
			rc = KB_HTTP_ANSWERED; /* what it said last is still to be read */
		}
	}
	if (rc == KB_HTTP_ANSWERED)
		h->closed = true;
	return rc;
}

int kb_http_begin(struct kb_http *h, const char *method, const char *target,
		  const char *content_type, struct kb_err *err)
{
	kb_autobuf struct kb_buf head = KB_BUF_INIT;
	struct iovec iov;
	int rc;

	for (const char *c = target; *c; c++)
		assert(*c > 0x20 && *c < 0x7f);
	assert(strlen(target) <= KB_HTTP_TARGET_MAX);
	kb_buf_printf(&head,
		      "%s %s HTTP/1.1\r\nHost: docker\r\nUser-Agent: keybuzz-run\r\n"
		      "Connection: close\r\n",
		      method, target);
	h->body = content_type != NULL;
	if (h->body)
		kb_buf_printf(&head, "Content-Type: %s\r\nTransfer-Encoding: chunked\r\n",
			      content_type);
	else if (strcmp(method, "POST") == 0)
		kb_buf_puts(&head, "Content-Length: 0\r\n");
	kb_buf_puts(&head, "\r\n");
	iov = (struct iovec){head.data, head.len};
	rc = write_all(h, &iov, 1, err);
	return rc < 0 ? rc : 0;
}

static int send_chunk(struct kb_http *h, const void *data, size_t len, struct kb_err *err)
{
	char size[24];
	struct iovec iov[3] = {
		{size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", len)},
		{(void *)(uintptr_t)data, len},
		{(void *)(uintptr_t) "\r\n", 2},
	};

	return write_all(h, iov, 3, err);
}

static int flush(struct kb_http *h, struct kb_err *err)
{
	size_t len = h->out_len;

	h->out_len = 0;
	return len ? send_chunk(h, h->out, len, err) : 0;
}

int kb_http_send(struct kb_http *h, const void *data, size_t len, struct kb_err *err)
{
	int rc = 0;

	assert(h->body);
	if (h->closed)
		return KB_HTTP_ANSWERED;
	if (len < SMALL_LEN && h->out_len + len <= OUT_LEN) {
		if (len)
			memcpy(h->out + h->out_len, data, len);
		h->out_len += len;
		return 0;
	}
	rc = flush(h, err);
	return rc ? rc : send_chunk(h, data, len, err);
}

static int end_body(struct kb_http *h, struct kb_err *err)
{
	struct iovec last = {(void *)(uintptr_t) "0\r\n\r\n", 5};
	int rc;

	if (!h->body || h->closed)
		return 0;
	rc = flush(h, err);
	if (rc == 0)
		rc = write_all(h, &last, 1, err);
	return rc < 0 ? rc : 0;
}

/* More bytes into an empty buffer, or the end of the connection. */
static int fill(struct kb_http *h, struct kb_err *err)
{
	short got;
	int rc;

	do {
		receive(h);
		if (h->eof || h->in_at < h->in_len)
			return 0;
		rc = wait_for(h, POLLIN, &got, err);
	} while (rc == 0);
	return rc;
}

int kb_http_answer(struct kb_http *h, int *ret_status, struct kb_err *err)
{
	const char *body;
	size_t len;
	int rc = end_body(h, err);

	while (rc == 0 && !kb_http_has_head(&h->parser)) {
		rc = parse(h, &body, &len, err);
		if (rc < 0 || kb_http_has_head(&h->parser))
			break;
		if (h->eof)
			return kb_http_parse_eof(&h->parser, err);
		rc = fill(h, err);
	}
	if (rc < 0)
		return rc;
	*ret_status = h->parser.status;
	return 0;
}

int kb_http_next(struct kb_http *h, const char **ret_data, size_t *ret_len, struct kb_err *err)
{
	int rc = 0;

	*ret_data = NULL;
	*ret_len = 0;
	while (rc == 0 && h->parser.state != KB_HTTP_DONE) {
		rc = parse(h, ret_data, ret_len, err);
		if (rc < 0 || *ret_len)
			return rc;
		if (h->in_at < h->in_len)
			continue;
		if (h->eof)
			rc = kb_http_parse_eof(&h->parser, err);
		else if (h->parser.state != KB_HTTP_DONE)
			rc = fill(h, err);
	}
	return rc;
}
