/* SHA256SUMS of a release folder, as `sha256sum -c` reads it, and its
 * signatures by one key in the forms that stock tools verify:
 *
 *	SHA256SUMS.ed25519   openssl pkeyutl -verify -pubin -inkey release.pub -rawin
 *	                     -in SHA256SUMS -sigfile SHA256SUMS.ed25519
 *	SHA256SUMS.sshsig    ssh-keygen -Y verify, see sshsig.h
 *	SHA256SUMS.minisig   minisign -V, see minisig.h
 */
#ifndef BUILDER_SUMS_H
#define BUILDER_SUMS_H

#include "builder/secret_key.h"
#include "builder/store.h"

/* Of every *.run in DIR and the evidence beside them (provenance.intoto.json,
 * sbom/x.spdx.json), in order of name. What KEY wrote with STORE is not read again. */
int kb_sums_write(const char *dir, struct kb_store *store, const struct kb_secret_key *key,
		  struct kb_err *err);

/* Write NAME.allowed_signers and NAME.minisign, the public key in the forms
 * that ssh-keygen and minisign want. */
int kb_sums_write_public(const char *name, const struct kb_key *key, struct kb_err *err);

#endif
