/* Signatures as OpenSSH makes and verifies them (PROTOCOL.sshsig of its
 * source): for hosts whose openssl is too old for Ed25519 on a command line.
 *
 *	ssh-keygen -Y verify -f release.allowed_signers -I release@keybuzz \
 *		-n keybuzz-release -s SHA256SUMS.sshsig < SHA256SUMS
 */
#ifndef BUILDER_SSHSIG_H
#define BUILDER_SSHSIG_H

#include "builder/secret_key.h"

#define KB_SSHSIG_NAMESPACE "keybuzz-release"

/* The armoured signature over MSG, appended to OUT. Deterministic. */
int kb_sshsig_make(const struct kb_secret_key *key, const void *msg, size_t len, struct kb_buf *out,
		   struct kb_err *err);

/* The line of an allowed_signers file: NAME@keybuzz may sign releases. */
void kb_sshsig_allowed_signer(const struct kb_key *key, const char *name, struct kb_buf *out);

#endif
