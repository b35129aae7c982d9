/* The signing key. Its file is a PKCS #8 PEM that stock openssl reads, 0600;
 * a key file that others can read is refused.
 */
#ifndef BUILDER_SECRET_KEY_H
#define BUILDER_SECRET_KEY_H

#include "core/key.h"

struct kb_secret_key;

int kb_secret_key_generate(struct kb_secret_key **ret_key, struct kb_err *err);
int kb_secret_key_load(const char *path, struct kb_secret_key **ret_key, struct kb_err *err);
/* Refuses to replace an existing file. */
int kb_secret_key_save(const struct kb_secret_key *key, const char *path, struct kb_err *err);
void kb_secret_key_free(struct kb_secret_key *key);

void kb_secret_key_public(const struct kb_secret_key *key, struct kb_key *ret_public);

/* Ed25519 over exactly MSG. Deterministic. */
int kb_secret_key_sign(const struct kb_secret_key *key, const void *msg, size_t len,
		       uint8_t ret_signature[KB_SIGNATURE_LEN], struct kb_err *err);

#endif
