#include "stub/engine_call.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_read.h"
#include "stub/engine_socket.h"

static int tick(void *ctx)
{
	const struct kb_engine *e = ctx;

	return kb_progress_step(e->progress, e->what, e->done, e->total);
}

int kb_engine_begin(struct kb_engine *e, const struct kb_engine_request *request,
		    struct kb_http **ret_http, struct kb_err *err)
{
	struct kb_http_options options = {
		.idle_ms = request->slow ? e->load_ms : e->call_ms,
		.total_ms = request->slow ? KB_ENGINE_TOTAL_MS : 2 * e->call_ms,
		.body_max = request->answer_max,
		.tick = tick,
		.ctx = e,
	};
	kb_autobuf struct kb_buf target = KB_BUF_INIT;
	kb_autohttp struct kb_http *http = NULL;
	int rc, fd;

	if (e->info.api)
		kb_buf_printf(&target, "/v1.%u", e->info.api);
	kb_buf_puts(&target, request->target);
	if (target.len > KB_HTTP_TARGET_MAX)
		return kb_err_set(err, KB_E_INVALID, "container engine: a name of %zu bytes",
				  target.len);
	rc = kb_engine_socket_connect(e->info.socket, e->call_ms, &fd, err);
	if (rc < 0)
		return rc;
	http = kb_http_new(fd, &options);
	rc = kb_http_begin(http, request->method, target.data, request->content_type, err);
	if (rc < 0)
		return kb_err_wrap(err, "%s %s", request->method, request->target);
	*ret_http = kb_steal(http);
	return 0;
}

int kb_engine_rest(struct kb_http *http, size_t max, struct kb_buf *body, struct kb_err *err)
{
	const char *data;
	size_t len;
	int rc;

	for (;;) {
		rc = kb_http_next(http, &data, &len, err);
		if (rc < 0 || len == 0)
			return rc;
		if (len > max - body->len)
			return kb_err_set(err, KB_E_DEPENDENCY, "an answer of more than %zu bytes",
					  max);
		kb_buf_add(body, data, len);
	}
}

int kb_engine_code(const char *words)
{
	return strcasestr(words, "no space left on device") ||
			       strcasestr(words, "disk quota exceeded") ||
			       strcasestr(words, "not enough free space")
		       ? KB_E_SPACE
		       : KB_E_DEPENDENCY;
}

int kb_engine_refusal(int status, const char *body, size_t len, struct kb_err *err)
{
	kb_autovalue struct kb_value *json = NULL;
	const char *words = "";

	if (len && kb_json_parse("answer", body, len, &json, NULL) == 0)
		words = kb_json_member(json, "message");
	return kb_err_set(err, kb_engine_code(words), "the engine says %d%s%.400s", status,
			  *words ? ": " : "", words);
}

int kb_engine_call(struct kb_engine *e, const struct kb_engine_request *request,
		   struct kb_buf *answer, bool *ret_found, struct kb_err *err)
{
	kb_autohttp struct kb_http *http = NULL;
	int status, rc;

	rc = kb_engine_begin(e, request, &http, err);
	if (rc < 0)
		return rc;
	rc = kb_http_answer(http, &status, err);
	if (rc == 0)
		rc = kb_engine_rest(http, (size_t)request->answer_max, answer, err);
	if (rc == 0 && (status < 200 || status > 299) && status != 404)
		rc = kb_engine_refusal(status, answer->data, answer->len, err);
	if (rc < 0)
		return kb_err_wrap(err, "container engine: %s %s", request->method,
				   request->target);
	*ret_found = status != 404;
	return 0;
}

int kb_engine_get(struct kb_engine *e, const char *target, size_t max, struct kb_value **ret_value,
		  struct kb_err *err)
{
	struct kb_engine_request request = {"GET", target, NULL, max, false};
	kb_autobuf struct kb_buf answer = KB_BUF_INIT;
	struct kb_err fault;
	bool found;
	int rc = kb_engine_call(e, &request, &answer, &found, err);

	if (rc < 0)
		return rc;
	if (!found) {
		*ret_value = NULL;
		return 0;
	}
	if (kb_json_parse("answer", answer.data ? answer.data : "", answer.len, ret_value, &fault) <
	    0)
		return kb_err_set(err, KB_E_DEPENDENCY, "container engine: GET %s: %s", target,
				  fault.text);
	return 0;
}

static bool is_plain(char c, bool in_query)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c)) || (!in_query && (c == '/' || c == ':' || c == '@'));
}

void kb_engine_quote(struct kb_buf *target, const char *s, bool in_query)
{
	for (; *s; s++) {
		if (is_plain(*s, in_query))
			kb_buf_putc(target, *s);
		else
			kb_buf_printf(target, "%%%02X", (unsigned char)*s);
	}
}
