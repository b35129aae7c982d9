/* What differs between two texts, line by line, as `diff -u` shows it and
 * `patch` takes it: a shortest edit script (E. W. Myers, "An O(ND) difference
 * algorithm", 1986) with three lines of context.
 *
 * Time and memory are bounded: texts that differ in more than
 * KB_TEXT_DIFF_EDITS lines are shown as one replaced by the other.
 */
#ifndef BUILDER_TEXT_DIFF_H
#define BUILDER_TEXT_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/mem.h"

#define KB_TEXT_DIFF_MAX   (1u << 20) /* bytes of one text, the caller's business */
#define KB_TEXT_DIFF_EDITS 2000

/* UTF-8 without control characters but tabs and line ends. */
bool kb_text_diff_is_text(const char *s, size_t len);

/* Append hunks, "@@ -1,7 +1,8 @@" and lines; nothing when the texts are equal.
 * The lines are those of the texts: whoever prints them escapes them. */
void kb_text_diff(const char *a, size_t a_len, const char *b, size_t b_len, struct kb_buf *out);

#endif
