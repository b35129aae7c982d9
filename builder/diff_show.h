/* A comparison for people, who get lists and then the texts as a patch, and
 * for programs. Control characters and those that reorder text are escaped. */
#ifndef BUILDER_DIFF_SHOW_H
#define BUILDER_DIFF_SHOW_H

#include <stdio.h>

#include "builder/diff.h"

int kb_diff_show_text(const struct kb_diff *diff, const struct kb_diff_side *a,
		      const struct kb_diff_side *b, FILE *out, struct kb_err *err);

/* One object on one line. */
int kb_diff_show_json(const struct kb_diff *diff, const struct kb_diff_side *a,
		      const struct kb_diff_side *b, FILE *out, struct kb_err *err);

#endif
