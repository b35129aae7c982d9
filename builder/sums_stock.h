/* Small pieces of the formats that stock tools read: the digests they want
 * besides SHA-256, and base64 (RFC 4648, section 4). */
#ifndef BUILDER_SUMS_STOCK_H
#define BUILDER_SUMS_STOCK_H

#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"

#define KB_SHA1_LEN    20
#define KB_SHA512_LEN  64
#define KB_BLAKE2B_LEN 64

void kb_stock_sha1(const void *data, size_t len, uint8_t ret[KB_SHA1_LEN]);
void kb_stock_sha512(const void *data, size_t len, uint8_t ret[KB_SHA512_LEN]);
void kb_stock_blake2b(const void *data, size_t len, uint8_t ret[KB_BLAKE2B_LEN]);

/* Lines of WIDTH characters, or one when it is 0; no line end at the end. */
void kb_stock_base64(const void *data, size_t len, size_t width, struct kb_buf *out);

#endif
