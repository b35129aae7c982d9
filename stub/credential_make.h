/* The site's credentials, made: once, on the orchestrator, and what each host
 * is given of them.
 *
 *	DIR/MODULE.env               all that the bundles asked for so far
 *	DIR/hosts/HOST/MODULE.env    what HOST is given: a copy, made anew from the first
 *
 * What is there is never changed, because a cluster was begun with it; a
 * variable that is missing is added at the end of its file.
 *
 * C and N are a role's credentials of one module; DIRFD and DIR the folder and
 * its path.
 */
#ifndef STUB_CREDENTIAL_MAKE_H
#define STUB_CREDENTIAL_MAKE_H

#include "core/credential.h"
#include "core/err.h"

/* Add what is missing in DIR/MODULE.env; a verifier's password is made with
 * it. RET_MADE has room for 2 * N names; those of what was made are put there
 * and point into C. KB_E_INVALID when a password is missing whose verifier is
 * there, or when the two do not fit: that file is not whole. */
int kb_credential_make(int dirfd, const char *dir, const struct kb_credential *c, size_t n,
		       const char **ret_made, size_t *ret_n_made, struct kb_err *err);

/* What HOST is given of DIR/MODULE.env: the variables of C, and those that
 * another role of the same host was given before. */
int kb_credential_hand_out(int dirfd, const char *dir, const char *host,
			   const struct kb_credential *c, size_t n, bool *ret_changed,
			   struct kb_err *err);

#endif
