/* UTF-8 as RFC 3629, section 4, has it: no overlong forms, no surrogates,
 * nothing above U+10FFFF.
 */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed sequence at S, 1 to 4, and its code point; 0 when
 * there is none. LEFT is at least 1. */
size_t kb_utf8_take(const char *s, size_t left, uint32_t *ret_point);

bool kb_utf8_valid(const char *s, size_t len);

/* C0, DEL, C1, and the separators U+2028 and U+2029, which YAML and others
 * read as the end of a line. */
bool kb_utf8_is_control(uint32_t point);

#endif
