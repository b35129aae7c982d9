/* Whom to trust: the *.pub files of a directory that only root can change
 * (/etc/keybuzz/trust), or one fingerprint that the operator gives.
 */
#ifndef CORE_TRUST_H
#define CORE_TRUST_H

#include "core/key.h"

#define KB_TRUST_MAX 64 /* anchors in one directory */

struct kb_trust {
	struct kb_key keys[KB_TRUST_MAX];
	size_t n;
	bool by_fingerprint; /* the operator's, beside the anchors */
	struct kb_digest fingerprint;
	char where[256]; /* the directory, for messages */
};

/* Read DIR/x.pub for all x, in order of name. An absent or empty DIR gives no
 * keys and no error. The directory and its files must belong to root or to
 * the caller and be writable by nobody else, else KB_E_ENVIRONMENT. */
int kb_trust_load(const char *dir, struct kb_trust *ret_trust, struct kb_err *err);

bool kb_trust_has(const struct kb_trust *trust, const struct kb_key *key);

#endif
