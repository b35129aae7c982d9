/* A credential that a role needs: VARIABLE of MODULE.env, and how it comes to
 * be when a site makes its credentials. The bundle carries this, never what
 * the variable is set to.
 *
 * A value says who or where (a user, a database, a cluster): it has a default,
 * it may be short, and it is shown. A secret is made of random letters and
 * digits. A verifier is what PostgreSQL stores instead of a password: it
 * proves one and does not tell it (RFC 5803, RFC 7677). Both are hidden from
 * everything that is shown or logged.
 */
#ifndef CORE_CREDENTIAL_H
#define CORE_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

enum kb_credential_kind {
	KB_CREDENTIAL_VALUE = 1,
	KB_CREDENTIAL_SECRET = 2,
	KB_CREDENTIAL_VERIFIER = 3,
};

#define KB_CREDENTIAL_MIN      8  /* bytes of a secret that is given */
#define KB_CREDENTIAL_MAKE_MIN 24 /* characters of one that is made: 142 bits */
#define KB_CREDENTIAL_MAKE_MAX 128
#define KB_CREDENTIAL_TEXT_MAX 128

struct kb_credential {
	char *module;
	char *variable;
	uint8_t kind;    /* enum kb_credential_kind */
	uint16_t length; /* characters of the secret, or of the verifier's password */
	char *text;      /* value: its default; verifier: the password's variable; else "" */
};

/* Names, and the members that KIND has: KB_E_INVALID. */
int kb_credential_check(const struct kb_credential *c, struct kb_err *err);

bool kb_credential_is_variable(const char *text); /* [A-Z][A-Z0-9_]* */
/* What a default may be made of, so that every program and every file that is
 * to hold it takes it as it is: letters, digits and . _ : / @ + , - */
bool kb_credential_is_value(const char *text);
bool kb_credential_is_secret(const struct kb_credential *c);

/* By module, then by variable. */
int kb_credential_compare(const struct kb_credential *a, const struct kb_credential *b);
/* TO is overwritten. */
void kb_credential_copy(struct kb_credential *to, const struct kb_credential *from);
void kb_credential_free(struct kb_credential *c); /* what it points to */

/* "secret of 32", "value kb_app", "verifier of POSTGRES_APP_PASS". Yours. */
char *kb_credential_describe(const struct kb_credential *c);

#endif
