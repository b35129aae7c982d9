/* A list of findings with file, line and column, for checks that report all
 * they find in one run. Whoever checks adds and goes on; whoever called prints
 * the list and turns it into one error.
 *
 * Lines and columns count from 1; 0 means that there is none. Columns count
 * characters, as editors do. File name and text are copied. After
 * KB_DIAG_MAX findings only their number is kept: a damaged file of a million
 * lines does not fill the memory or the screen.
 */
#ifndef CORE_DIAG_H
#define CORE_DIAG_H

#include <stddef.h>
#include <stdio.h>

#include "core/err.h"

#define KB_DIAG_MAX 200

struct kb_diag_item {
	char *file;
	size_t line, column;
	char *text;
	size_t order; /* of adding, for a stable sort */
};

struct kb_diag {
	struct kb_diag_item *items;
	size_t n, cap;
	size_t dropped; /* beyond KB_DIAG_MAX */
};
#define KB_DIAG_INIT          \
	{                     \
		NULL, 0, 0, 0 \
	}
#define kb_autodiag __attribute__((cleanup(kb_diag_free)))

void kb_diag_add(struct kb_diag *diag, const char *file, size_t line, size_t column,
		 const char *fmt, ...) KB_PRINTF(5, 6);

/* How many were found, the dropped ones included. */
size_t kb_diag_count(const struct kb_diag *diag);

/* By file, line, column, then as they came. */
void kb_diag_sort(struct kb_diag *diag);

/* "FILE:LINE:COLUMN: TEXT" one a line, control bytes escaped. */
void kb_diag_print(const struct kb_diag *diag, FILE *out);

/* 0 when there are no findings beyond the first SINCE (a count taken before);
 * else CODE, with the first of them in ERR and "(and N more)". */
int kb_diag_result(const struct kb_diag *diag, size_t since, int code, struct kb_err *err);

void kb_diag_free(struct kb_diag *diag);

#endif
