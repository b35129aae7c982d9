/* Public keys and their signatures.
 *
 * A public key is 32 raw bytes; as a file it is the PEM that stock openssl
 * writes and reads (SubjectPublicKeyInfo, RFC 8410). Its fingerprint is the
 * SHA-256 of exactly that file, so `sha256sum release.pub` prints it, and six
 * words of it can be compared by telephone (words.h).
 */
#ifndef CORE_KEY_H
#define CORE_KEY_H

#include "core/digest.h"
#include "core/mem.h"

#define KB_KEY_LEN       32
#define KB_SIGNATURE_LEN 64
#define KB_KEY_PEM_LEN   113

struct kb_key {
	uint8_t b[KB_KEY_LEN];
};

bool kb_key_eq(const struct kb_key *a, const struct kb_key *b);

/* The file text of a key, NUL-terminated. */
void kb_key_pem(const struct kb_key *key, char ret_pem[KB_KEY_PEM_LEN + 1]);
/* Exactly that text and nothing else, and a key that can exist: no point of small
 * order; NAME is for the message (KB_E_INVALID). */
int kb_key_parse(const char *pem, size_t len, const char *name, struct kb_key *ret_key,
		 struct kb_err *err);
void kb_key_fingerprint(const struct kb_key *key, struct kb_digest *ret_fingerprint);

/* Ed25519 (RFC 8032) by OpenSSL. What this accepts stock openssl accepts, and
 * libsodium too: keys and first halves of signatures of small order, and second
 * spellings of a key, are refused. KB_E_SIGNATURE when it does not verify, for
 * whatever reason. */
int kb_key_verify(const struct kb_key *key, const void *msg, size_t len,
		  const uint8_t sig[KB_SIGNATURE_LEN], struct kb_err *err);

/* What a signature over BODY made for PURPOSE really covers: the
 * pre-authentication encoding of DSSE 1.0. */
void kb_pae(const char *purpose, const void *body, size_t len, struct kb_buf *out);

#endif
