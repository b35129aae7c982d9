/* SPLIT ANSWER: what a container engine may send. However the bytes are cut
 * into pieces, the parser must come to the same head, body and verdict. */
#include "tests/fuzz/fuzz.h"

#include "core/mem.h"
#include "stub/http_parse.h"

enum { BODY_MAX = 1 << 16 };

struct outcome {
	int rc;
	int status;
	bool done;
	char type[KB_HTTP_TYPE_MAX];
	struct kb_buf body;
};

static void run(const char *data, size_t len, size_t piece, struct outcome *o)
{
	static struct kb_fuzz_room state, pieces;
	struct kb_http_parser *p = kb_fuzz_take(&state, sizeof(*p));
	size_t at = 0;

	memset(o, 0, sizeof(*o));
	kb_http_parser_init(p, BODY_MAX);
	while (o->rc == 0 && at < len && p->state != KB_HTTP_DONE) {
		size_t n = len - at < piece ? len - at : piece, used = 0, body_len = 0;
		const char *body = NULL;
		/* a copy, so that a read behind the piece is seen */
		char *copy = kb_fuzz_take(&pieces, n);

		memcpy(copy, data + at, n);
		o->rc = kb_http_parse(p, copy, n, &used, &body, &body_len, NULL);
		if (o->rc < 0)
			break;
		KB_MUST(used <= n && (used > 0 || p->state == KB_HTTP_DONE));
		KB_MUST(!body || (body >= copy && body + body_len <= copy + n));
		if (body)
			kb_buf_add(&o->body, body, body_len);
		at += used;
	}
	if (o->rc == 0 && p->state != KB_HTTP_DONE)
		o->rc = kb_http_parse_eof(p, NULL);
	KB_MUST(o->rc == 0 || o->rc == KB_E_DEPENDENCY);
	KB_MUST(o->body.len <= BODY_MAX);
	o->done = o->rc == 0 && p->state == KB_HTTP_DONE;
	if (o->rc == 0) {
		o->status = p->status;
		memcpy(o->type, p->content_type, sizeof(o->type));
		KB_MUST(p->status >= 200 && p->status <= 999);
		KB_MUST(memchr(p->content_type, '\0', sizeof(p->content_type)));
	}
}

KB_FUZZ(http)
{
	struct outcome whole, cut;
	size_t piece;

	if (len < 1)
		return 0;
	piece = (size_t)data[0] % 61 + 1;
	run((const char *)data + 1, len - 1, len, &whole);
	run((const char *)data + 1, len - 1, piece, &cut);
	KB_MUST(whole.rc == cut.rc && whole.status == cut.status && whole.done == cut.done);
	KB_MUST(memcmp(whole.type, cut.type, sizeof(whole.type)) == 0);
	KB_MUST(whole.body.len == cut.body.len || whole.rc < 0);
	KB_MUST(whole.rc < 0 || whole.body.len == 0 ||
		memcmp(whole.body.data, cut.body.data, whole.body.len) == 0);
	kb_buf_free(&whole.body);
	kb_buf_free(&cut.body);
	return 0;
}
