/* Everything that stands in the way of a run, found in one go: checks add and
 * go on, and the operator gets the whole list at once. The first one decides
 * the exit status, so checks run in order of weight. */
#ifndef STUB_PROBLEMS_H
#define STUB_PROBLEMS_H

#include <stddef.h>

#include "core/err.h"
#include "core/json.h"

struct kb_problem {
	int code;
	char *text;
};

struct kb_problems {
	struct kb_problem *at;
	size_t n, cap;
};
#define KB_PROBLEMS_INIT   \
	{                  \
		NULL, 0, 0 \
	}
#define kb_autoproblems __attribute__((cleanup(kb_problems_free)))

void kb_problems_add(struct kb_problems *p, int code, const char *fmt, ...) KB_PRINTF(3, 4);
/* What ERR says, when RC is negative; returns RC. */
int kb_problems_take(struct kb_problems *p, int rc, const struct kb_err *err);

/* 0 when there are none; else the first as an error, with the number of the
 * others. */
int kb_problems_result(const struct kb_problems *p, struct kb_err *err);
/* One line each on stderr, when there is more than the one of the error. */
void kb_problems_print(const struct kb_problems *p);
/* An array of {exit, class, text}. */
void kb_problems_json(const struct kb_problems *p, struct kb_json *j);
void kb_problems_free(struct kb_problems *p);

#endif
