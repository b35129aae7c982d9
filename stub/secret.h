/* Secrets, made. What they are put into is the caller's, and wiped there. */
#ifndef STUB_SECRET_H
#define STUB_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mem.h"

/* RFC 5802 asks for 4096 rounds or more; PostgreSQL takes what it is given. */
#define KB_VERIFIER_ROUNDS 4096
#define KB_VERIFIER_SALT   16 /* bytes, as PostgreSQL's own */

/* Append LENGTH letters and digits, each of the 62 as probable as any other. */
int kb_secret_make(size_t length, struct kb_buf *out, struct kb_err *err);

/* Append what PostgreSQL stores of PASSWORD, an ASCII text:
 * SCRAM-SHA-256$ROUNDS:SALT$STORED-KEY:SERVER-KEY, in base64 (RFC 5803). SALT
 * is random, so no two are equal; NULL makes one. */
int kb_verifier_make(const char *password, const uint8_t *salt, struct kb_buf *out,
		     struct kb_err *err);

/* Is VERIFIER of PASSWORD? True also for one with other rounds or another salt's
 * length than ours, which somebody else made. */
bool kb_verifier_fits(const char *verifier, const char *password);

#endif
