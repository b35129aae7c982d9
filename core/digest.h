/* SHA-256 (FIPS 180-4) as identity of every byte we carry, and its spellings.
 * OpenSSL does the work; it is initialised on first use so that a refusal
 * that needs no digest does not pay for it, and it never opens a
 * configuration file.
 */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define KB_DIGEST_LEN 32
#define KB_HEX_LEN    (2 * KB_DIGEST_LEN)

struct kb_digest {
	uint8_t b[KB_DIGEST_LEN];
};

struct kb_sha256; /* a running digest */

struct kb_sha256 *kb_sha256_new(void);
void kb_sha256_add(struct kb_sha256 *s, const void *data, size_t len);
void kb_sha256_end(struct kb_sha256 *s, struct kb_digest *ret_digest); /* ready to begin again */
void kb_sha256_free(struct kb_sha256 *s);

void kb_digest_of(const void *data, size_t len, struct kb_digest *ret_digest);
/* Of everything from the descriptor's position to its end. */
int kb_digest_of_fd(int fd, struct kb_digest *ret_digest, uint64_t *ret_size, struct kb_err *err);

bool kb_digest_eq(const struct kb_digest *a, const struct kb_digest *b);
int kb_digest_cmp(const struct kb_digest *a, const struct kb_digest *b);

void kb_hex(const uint8_t *bytes, size_t len, char *out /* 2 * len + 1 */);
/* LEN bytes of the 2 * LEN lower-case hex digits that begin HEX, else false. */
bool kb_hex_parse(const char *hex, uint8_t *ret_bytes, size_t len);
/* The same of a line "WORD HEX": LINE, of at least that length, begins with WORD,
 * which ends with a blank, and ends with a newline behind the digits. */
bool kb_hex_line(const char *line, const char *word, uint8_t *ret_bytes, size_t len);
/* Exactly 64 lower-case hex digits and nothing behind them, else false. */
bool kb_digest_parse(const char *hex, struct kb_digest *ret_digest);

/* Static text of a digest, for messages: 8 buffers in turn per thread. */
const char *kb_digest_hex(const struct kb_digest *d);

#endif
