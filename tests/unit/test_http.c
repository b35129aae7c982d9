#include "stub/http.h"
#include "stub/http_parse.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"
#include "tests/unit/unit.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\n"

struct parsed {
	int rc, status;
	bool done;
	struct kb_buf body;
	char text[KB_ERR_TEXT_MAX];
	char type[KB_HTTP_TYPE_MAX];
};

/* Feed INPUT in pieces of STEP bytes, then the end of the connection. */
static void parse_all(const char *input, size_t len, size_t step, uint64_t max, struct parsed *ret)
{
	struct kb_http_parser *p = malloc(sizeof(*p)); /* so that ASan sees its ends */
	struct kb_err err = {0};
	const char *body;
	size_t used, n;

	memset(ret, 0, sizeof(*ret));
	kb_http_parser_init(p, max);
	for (size_t at = 0; at < len && ret->rc == 0 && p->state != KB_HTTP_DONE; at += used) {
		size_t piece = len - at < step ? len - at : step;
		char *copy = malloc(piece);

		memcpy(copy, input + at, piece);
		ret->rc = kb_http_parse(p, copy, piece, &used, &body, &n, &err);
		if (ret->rc == 0 && n)
			kb_buf_add(&ret->body, body, n);
		free(copy);
	}
	if (ret->rc == 0)
		ret->rc = kb_http_parse_eof(p, &err);
	ret->status = p->status;
	ret->done = p->state == KB_HTTP_DONE;
	strcpy(ret->type, p->content_type);
	strcpy(ret->text, err.text);
	free(p);
}

static void expect_body(const char *input, const char *body)
{
	size_t len = strlen(input);

	for (size_t step = 1; step <= len; step = step < 8 ? step + 1 : step * 3) {
		struct parsed r;

		parse_all(input, len, step, 1000, &r);
		assert_string_equal(r.text, "");
		assert_int_equal(r.rc, 0);
		assert_true(r.done);
		assert_string_equal(r.body.data ? r.body.data : "", body);
		kb_buf_free(&r.body);
	}
}

static void expect_refused_n(const char *input, size_t len, const char *why)
{
	for (size_t step = 1; step <= len; step = step < 8 ? step + 1 : step * 3) {
		struct parsed r;

		parse_all(input, len, step, 1000, &r);
		if (r.rc != KB_E_DEPENDENCY || !strstr(r.text, why))
			print_message("%s\n-> %d %s, not %s\n", input, r.rc, r.text, why);
		assert_int_equal(r.rc, KB_E_DEPENDENCY);
		assert_non_null(strstr(r.text, why));
		kb_buf_free(&r.body);
	}
}

static void expect_refused(const char *input, const char *why)
{
	expect_refused_n(input, strlen(input), why);
}

KB_TEST(answers_are_framed_by_length_chunks_or_end)
{
	expect_body(OK_HEAD "Content-Length: 5\r\n\r\nhello", "hello");
	expect_body(OK_HEAD "content-LENGTH:5\r\n\r\nhello", "hello");
	expect_body(OK_HEAD "Content-Length: 0\r\n\r\n", "");
	expect_body(OK_HEAD "\r\nuntil the end", "until the end");
	expect_body("HTTP/1.0 200\r\n\r\nold", "old");
	expect_body(OK_HEAD "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
		    "hello!");
	expect_body(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n00000A\r\n0123456789\r\n0\r\n"
			    "Trailer: x\r\n\r\n",
		    "0123456789");
	expect_body("HTTP/1.1 204 No Content\r\n\r\n", "");
	expect_body("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "");
	expect_body("HTTP/1.1 100 Continue\r\n\r\n" OK_HEAD "Content-Length: 1\r\n\r\nx", "x");
}

KB_TEST(bytes_after_an_answer_are_left_alone)
{
	expect_body(OK_HEAD "Content-Length: 2\r\n\r\nokHTTP/1.1 500 no\r\n\r\n", "ok");
	expect_body(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nmore", "");
}

KB_TEST(status_and_type_are_given)
{
	static const char input[] =
		"HTTP/1.1 409 Conflict\r\nContent-Type: \t application/json \r\n"
		"Content-Length: 0\r\n\r\n";
	struct parsed r;

	parse_all(input, sizeof(input) - 1, 3, 0, &r);
	assert_int_equal(r.status, 409);
	assert_string_equal(r.type, "application/json");
}

KB_TEST(what_is_no_status_line_is_refused)
{
	expect_refused("HTTP/2 200 OK\r\n\r\n", "no HTTP/1 status line");
	expect_refused("HTTP/1.1 20\r\n\r\n", "no HTTP/1 status line");
	expect_refused("HTTP/1.1 2000 OK\r\n\r\n", "no HTTP/1 status line");
	expect_refused("HTTP/1.1  200 OK\r\n\r\n", "no HTTP/1 status line");
	expect_refused("HTTP/1.1 099 OK\r\n\r\n", "status 99");
	expect_refused("HTTP/1.1 600 OK\r\n\r\n", "status 600");
	expect_refused("HTTP/1.1 101 Switching Protocols\r\n\r\n", "upgrade");
	expect_refused("\r\n", "no HTTP/1 status line");
	expect_refused("{\"a\":1}\r\n", "no HTTP/1 status line");
	expect_refused("\x16\x03\x01\x02\x05\n", "ends without CR");
}

KB_TEST(ambiguous_heads_are_refused)
{
	expect_refused(OK_HEAD "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "twice");
	expect_refused(OK_HEAD "Content-Length: 1, 1\r\n\r\nx", "no number");
	expect_refused(OK_HEAD "Content-Length: +1\r\n\r\nx", "no number");
	expect_refused(OK_HEAD "Content-Length: -1\r\n\r\nx", "no number");
	expect_refused(OK_HEAD "Content-Length: 0x1\r\n\r\nx", "no number");
	expect_refused(OK_HEAD "Content-Length:\r\n\r\nx", "no number");
	expect_refused(OK_HEAD "Content-Length: 18446744073709551616\r\n\r\nx", "no number");
	expect_refused(OK_HEAD "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		       "both a length and chunks");
	expect_refused(OK_HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n", "other than chunked");
	expect_refused(OK_HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		       "other than chunked");
	expect_refused(OK_HEAD "Content-Encoding: gzip\r\n\r\n", "content encoding");
	expect_refused(OK_HEAD "A: 1\r\n folded\r\n\r\n", "header");
	expect_refused(OK_HEAD "A : 1\r\n\r\n", "header name");
	expect_refused(OK_HEAD ": 1\r\n\r\n", "without a name");
	expect_refused(OK_HEAD "nothing\r\n\r\n", "without a name");
	expect_refused(OK_HEAD "A: \x01\r\n\r\n", "header value");
	expect_refused("HTTP/1.1 200 OK\nA: 1\n\n", "ends without CR");
	expect_refused(OK_HEAD "A: 1\rB: 2\r\n\r\n", "CR inside");
	expect_refused("HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n\r\nx", "interim");
	expect_refused_n(OK_HEAD "A: \0\r\n\r\n", sizeof(OK_HEAD "A: \0\r\n\r\n") - 1,
			 "header value");
}

KB_TEST(broken_chunks_are_refused)
{
#define CHUNKED OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"
	expect_refused(CHUNKED "\r\n", "0 digits");
	expect_refused(CHUNKED "g\r\n", "byte 0x67");
	expect_refused(CHUNKED " 5\r\nhello\r\n", "byte 0x20");
	expect_refused(CHUNKED "5;a=b\r\nhello\r\n", "byte 0x3b");
	expect_refused(CHUNKED "-1\r\n", "byte 0x2d");
	expect_refused(CHUNKED "00000000000000001\r\n", "more than 16 bytes");
	expect_refused(CHUNKED "ffffffffffffffff\r\nx", "cut off");
	expect_refused(CHUNKED "2\r\nhello\r\n", "more than 0 bytes");
	expect_refused(CHUNKED "5\r\nhell", "cut off");
	expect_refused(CHUNKED "5\r\nhello\r\n", "cut off");
	expect_refused(CHUNKED "0\r\n", "cut off");
	expect_refused(CHUNKED "0\r\nA\r\n\r\n", "without a name");
}

KB_TEST(a_cut_anywhere_is_noticed)
{
	static const char whole[] = CHUNKED "3\r\nabc\r\n0\r\n\r\n";

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		struct parsed r;

		parse_all(whole, n, 1000, 1000, &r);
		assert_int_equal(r.rc, KB_E_DEPENDENCY);
		kb_buf_free(&r.body);
	}
}

static void expect_endless(const char *head, const char *more, const char *why)
{
	kb_autobuf struct kb_buf input = KB_BUF_INIT;

	kb_buf_puts(&input, head);
	while (input.len < 3 * KB_HTTP_HEAD_MAX)
		kb_buf_puts(&input, more);
	expect_refused_n(input.data, input.len, why);
}

/* G2: an answer that never ends, or never makes sense. */
KB_TEST(nothing_goes_on_for_ever)
{
	expect_endless("", "HTTP/1.1 200 OK ", "more than 8191 bytes");
	expect_endless(OK_HEAD, "A: b\r\n", "more than 128 headers");
	expect_endless(OK_HEAD "A: ", "0123456789", "more than 8191 bytes");
	expect_endless(CHUNKED, "1\r\nx\r\n", "more than 1000 bytes of body");
	expect_endless(CHUNKED, "0", "more than 16 bytes");
	expect_endless(CHUNKED "0\r\n", "A: b\r\n", "more than 128 headers");
	expect_endless(OK_HEAD "\r\n", "body", "more than 1000 bytes of body");
	expect_endless("", "HTTP/1.1 100 Continue\r\n\r\n", "more than 8 interim");
	expect_refused(OK_HEAD "Content-Length: 1001\r\n\r\n", "1001 bytes of body");
}

KB_TEST(a_head_of_many_long_lines_is_bounded)
{
	kb_autobuf struct kb_buf input = KB_BUF_INIT;

	kb_buf_puts(&input, OK_HEAD);
	for (int i = 0; i < 20; i++)
		kb_buf_printf(&input, "A: %04000d\r\n", 0);
	expect_refused_n(input.data, input.len, "a head of more than 65536 bytes");
}

/* The connection: a peer in a thread at the other end of a socket pair. */

struct peer {
	int fd;
	const char *say; /* after READ bytes came */
	size_t read, got;
	unsigned pause_ms; /* before saying, and between single bytes when DRIP */
	bool drip, drain;
	pthread_t thread;
};

static void pause_for(unsigned ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

static void *peer_run(void *arg)
{
	struct peer *p = arg;
	static __thread char buf[65536];
	ssize_t n;

	while (p->got < p->read && (n = recv(p->fd, buf, sizeof(buf), 0)) > 0)
		p->got += (size_t)n;
	if (p->pause_ms)
		pause_for(p->pause_ms);
	for (const char *s = p->say; *s; s += p->drip ? 1 : strlen(s)) {
		if (send(p->fd, s, p->drip ? 1 : strlen(s), MSG_NOSIGNAL) < 0)
			break;
		if (p->drip)
			pause_for(p->pause_ms);
	}
	while (p->drain && (n = recv(p->fd, buf, sizeof(buf), 0)) > 0)
		p->got += (size_t)n;
	close(p->fd);
	return NULL;
}

static struct kb_http *start(struct peer *peer, unsigned idle_ms, unsigned total_ms,
			     int (*tick)(void *), void *ctx)
{
	struct kb_http_options o = {idle_ms, total_ms, 1 << 20, tick, ctx};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	peer->fd = pair[1];
	assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
	return kb_http_new(pair[0], &o);
}

static int read_body(struct kb_http *h, struct kb_buf *body, struct kb_err *err)
{
	const char *data;
	size_t len;
	int rc;

	while ((rc = kb_http_next(h, &data, &len, err)) == 0 && len)
		kb_buf_add(body, data, len);
	return rc;
}

static void stop(struct kb_http *h, struct peer *peer)
{
	kb_http_free(h);
	pthread_join(peer->thread, NULL);
}

KB_TEST(a_request_is_answered)
{
	struct peer peer = {
		.read = 50, .say = OK_HEAD "Content-Length: 2\r\n\r\nOK", .drain = true};
	struct kb_http *h = start(&peer, 5000, 0, NULL, NULL);
	kb_autobuf struct kb_buf body = KB_BUF_INIT;
	struct kb_err err = {0};
	int status;

	assert_int_equal(kb_http_begin(h, "GET", "/_ping", NULL, &err), 0);
	assert_int_equal(kb_http_answer(h, &status, &err), 0);
	assert_int_equal(status, 200);
	assert_int_equal(read_body(h, &body, &err), 0);
	assert_string_equal(body.data, "OK");
	stop(h, &peer);
}

KB_TEST(a_long_body_arrives_in_chunks)
{
	struct peer peer = {
		.read = 3 << 20, .say = OK_HEAD "Content-Length: 2\r\n\r\nOK", .drain = true};
	struct kb_http *h = start(&peer, 5000, 0, NULL, NULL);
	char *big = calloc(1, 1 << 20);
	int status;

	kb_http_begin(h, "POST", "/images/load", "application/x-tar", NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(kb_http_send(h, "small", 5, NULL), 0);
		assert_int_equal(kb_http_send(h, big, 1 << 20, NULL), 0);
	}
	assert_int_equal(kb_http_answer(h, &status, NULL), 0);
	stop(h, &peer);
	assert_true(peer.got > (3 << 20) + 15);
	free(big);
}

/* Send until the peer has had enough; then what it said must be readable. */
static void expect_early(bool drain)
{
	struct peer peer = {.read = 100000,
			    .drain = drain,
			    .say = "HTTP/1.1 500 no\r\nContent-Length: 4\r\n\r\nfull"};
	struct kb_http *h = start(&peer, 5000, 0, NULL, NULL);
	char *big = calloc(1, 1 << 20);
	kb_autobuf struct kb_buf body = KB_BUF_INIT;
	struct kb_err err = {0};
	int status, rc = 0;

	kb_http_begin(h, "POST", "/images/load", "application/x-tar", NULL);
	for (int i = 0; i < 5000 && rc == 0; i++)
		rc = kb_http_send(h, big, 1 << 20, &err);
	assert_int_equal(rc, KB_HTTP_ANSWERED);
	assert_int_equal(kb_http_send(h, big, 10, &err), KB_HTTP_ANSWERED);
	assert_int_equal(kb_http_answer(h, &status, &err), 0);
	assert_int_equal(status, 500);
	assert_int_equal(read_body(h, &body, &err), 0);
	assert_string_equal(body.data, "full");
	stop(h, &peer);
	free(big);
}

KB_TEST(an_early_refusal_is_heard)
{
	expect_early(true);
}

KB_TEST(an_early_refusal_is_heard_after_the_peer_hung_up)
{
	expect_early(false);
}

KB_TEST(a_peer_that_hangs_up_is_a_failed_dependency)
{
	struct peer peer = {.read = 10, .say = ""};
	struct kb_http *h = start(&peer, 5000, 0, NULL, NULL);
	struct kb_err err;
	int status;

	kb_http_begin(h, "GET", "/_ping", NULL, NULL);
	assert_int_equal(kb_http_answer(h, &status, &err), KB_E_DEPENDENCY);
	assert_non_null(strstr(err.text, "closed the connection without one"));
	stop(h, &peer);
}

KB_TEST(silence_is_a_timeout)
{
	struct peer peer = {.read = 10, .say = "", .drain = true};
	struct kb_http *h = start(&peer, 300, 0, NULL, NULL);
	struct kb_err err;
	int status;

	kb_http_begin(h, "GET", "/_ping", NULL, NULL);
	assert_int_equal(kb_http_answer(h, &status, &err), KB_E_TIMEOUT);
	stop(h, &peer);
}

KB_TEST(a_drip_is_a_timeout_in_total)
{
	struct peer peer = {.read = 10,
			    .drip = true,
			    .pause_ms = 60,
			    .say = OK_HEAD "A: 0123456789012345678901234567890123456789\r\n"};
	struct kb_http *h = start(&peer, 300, 1000, NULL, NULL);
	struct kb_err err;
	int status;

	kb_http_begin(h, "GET", "/_ping", NULL, NULL);
	assert_int_equal(kb_http_answer(h, &status, &err), KB_E_TIMEOUT);
	assert_non_null(strstr(err.text, "did not finish"));
	stop(h, &peer);
}

KB_TEST(a_peer_that_reads_nothing_is_a_timeout)
{
	struct peer peer = {.read = 0, .say = "", .pause_ms = 1500};
	struct kb_http *h = start(&peer, 300, 0, NULL, NULL);
	char *big = calloc(1, 8 << 20);

	kb_http_begin(h, "POST", "/images/load", "application/x-tar", NULL);
	assert_int_equal(kb_http_send(h, big, 8 << 20, NULL), KB_E_TIMEOUT);
	stop(h, &peer);
	free(big);
}

static int stop_at_third(void *ctx)
{
	return ++*(int *)ctx >= 3;
}

KB_TEST(waiting_can_be_interrupted)
{
	struct peer peer = {.read = 10, .say = "", .drain = true};
	int asked = 0, status;
	struct kb_http *h = start(&peer, 60000, 0, stop_at_third, &asked);

	kb_http_begin(h, "GET", "/_ping", NULL, NULL);
	assert_int_equal(kb_http_answer(h, &status, NULL), KB_E_INTERRUPTED);
	stop(h, &peer);
}
