/* Signatures as minisign makes and verifies them, the prehashed kind, with a
 * fixed trusted comment instead of its time and file name.
 *
 *	minisign -V -p release.minisign -m SHA256SUMS -x SHA256SUMS.minisig
 */
#ifndef BUILDER_MINISIG_H
#define BUILDER_MINISIG_H

#include "builder/secret_key.h"

/* The signature file's text, appended to OUT. Deterministic. */
int kb_minisig_make(const struct kb_secret_key *key, const void *msg, size_t len,
		    struct kb_buf *out, struct kb_err *err);

/* The public key file's text. */
void kb_minisig_public(const struct kb_key *key, struct kb_buf *out);

#endif
