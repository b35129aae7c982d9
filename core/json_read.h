/* A strict JSON reader (RFC 8259): text of others as a tree of core/value.h.
 *
 * Objects become maps, arrays lists, strings text; numbers stay the text that
 * was written, so that 64 bits and fractions lose nothing. A member given
 * twice, \u0000, lone surrogates, bytes that are not UTF-8 and anything after
 * the value are refused: two readers that disagree about such text would be a
 * hole. Size, nesting and the number of values are bounded, and nesting costs
 * no stack. The input is not trusted; there is no I/O.
 */
#ifndef CORE_JSON_READ_H
#define CORE_JSON_READ_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/value.h"

#define KB_JSON_TEXT_MAX   (4 * 1024 * 1024) /* bytes of one document */
#define KB_JSON_VALUES_MAX 100000            /* values of all kinds in it */
#define KB_JSON_NEST_MAX   32

/* NAME is for messages. Every fault is KB_E_INVALID with NAME:LINE:COLUMN. */
int kb_json_parse(const char *name, const char *text, size_t len, struct kb_value **ret_value,
		  struct kb_err *err);

/* Text under KEY of MAP, also a number's; "" when it is absent, null or no
 * text, or when MAP is NULL or no map. */
const char *kb_json_member(const struct kb_value *map, const char *key);

/* The same as an unsigned number; 0 when it is none. */
uint64_t kb_json_member_u64(const struct kb_value *map, const char *key);

#endif
