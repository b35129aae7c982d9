/* A small JSON reader for test vectors. Objects become maps, numbers the text
 * that was written, strings are decoded to UTF-8. For files of the tests only:
 * it is strict enough to notice a damaged file, and not more.
 */
#ifndef TESTS_UNIT_JSON_READ_H
#define TESTS_UNIT_JSON_READ_H

#include <stddef.h>

#include "core/value.h"

/* NULL when TEXT is not JSON. The caller frees. */
struct kb_value *json_read(const char *text, size_t len);
struct kb_value *json_read_file(const char *path);

#endif
