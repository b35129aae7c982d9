/* Calls to the engine, shared by the files that know its operations. */
#ifndef STUB_ENGINE_CALL_H
#define STUB_ENGINE_CALL_H

#include "core/mem.h"
#include "core/progress.h"
#include "core/value.h"
#include "stub/engine.h"
#include "stub/http.h"

#define KB_ENGINE_CALL_MS  60000             /* silence in an ordinary call.. */
#define KB_ENGINE_LOAD_MS  600000            /* ..and where it works on layers */
#define KB_ENGINE_TOTAL_MS (6 * 3600 * 1000) /* of one load or export */
#define KB_ENGINE_LIST_MAX (4 * 1024 * 1024) /* bytes of a list */

struct kb_engine {
	struct kb_engine_info info;
	unsigned call_ms, load_ms;
	/* asked while waiting, with what is being done at the time */
	const struct kb_progress *progress;
	const char *what;
	uint64_t done, total;
};

struct kb_engine_request {
	const char *method;
	const char *target;       /* without the version, "/images/json" */
	const char *content_type; /* NULL: no body */
	uint64_t answer_max;
	bool slow; /* layers are read or written */
};

/* Connect and send the head. */
int kb_engine_begin(struct kb_engine *e, const struct kb_engine_request *request,
		    struct kb_http **ret_http, struct kb_err *err);

/* Append the rest of the answer to BODY; more than MAX bytes is
 * KB_E_DEPENDENCY. */
int kb_engine_rest(struct kb_http *http, size_t max, struct kb_buf *body, struct kb_err *err);

/* The error for STATUS, with the engine's {"message": ..} if BODY is one. */
int kb_engine_refusal(int status, const char *body, size_t len, struct kb_err *err);

/* The code for words of the engine: KB_E_SPACE when they mean a full disk, else
 * KB_E_DEPENDENCY. */
int kb_engine_code(const char *words);

/* A request without a body, answered whole. An answer outside 2xx is an error,
 * but for 404, for which *RET_FOUND becomes false. */
int kb_engine_call(struct kb_engine *e, const struct kb_engine_request *request,
		   struct kb_buf *answer, bool *ret_found, struct kb_err *err);

/* GET a JSON value; *RET_VALUE is NULL for 404. */
int kb_engine_get(struct kb_engine *e, const char *target, size_t max, struct kb_value **ret_value,
		  struct kb_err *err);

/* Append S for a path (slashes and colons as they are) or a query. */
void kb_engine_quote(struct kb_buf *target, const char *s, bool in_query);

#endif
