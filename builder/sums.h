/* SHA256SUMS of a release folder, as `sha256sum -c` reads it, and its
 * signature as stock openssl verifies it (SHA256SUMS.ed25519).
 */
#ifndef BUILDER_SUMS_H
#define BUILDER_SUMS_H

#include "builder/secret_key.h"

/* Of every *.run in DIR, in order of name. */
int kb_sums_write(const char *dir, const struct kb_secret_key *key, struct kb_err *err);

#endif
