/* What analyzers cannot know from one file alone: that whoever reports an error
 * returns a negative code, and so nothing behind a `rc < 0` was left unset.
 * Put before every file but core/err.c by make lint-analyzer; never compiled.
 */
#ifndef TESTS_LINT_MODEL_H
#define TESTS_LINT_MODEL_H

#include "core/err.h"

static inline int kb_model_negative(int seen, int code)
{
	(void)seen;
	return code < 0 ? code : KB_E_INTERNAL;
}

#define kb_err_set(err, code, ...)   kb_model_negative(kb_err_set(err, code, __VA_ARGS__), code)
#define kb_err_errno(err, code, ...) kb_model_negative(kb_err_errno(err, code, __VA_ARGS__), code)
#define kb_err_wrap(err, ...)        kb_model_negative(kb_err_wrap(err, __VA_ARGS__), KB_E_INTERNAL)

#endif
