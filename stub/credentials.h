/* The credentials a role needs: VARIABLE of MODULE.env, in a folder that only
 * root can look into. They are read once, wiped when the run ends, and reach
 * steps only through the files that templates write for the services.
 *
 * What it asks of a value is core/credential.h's: names may be short, and are
 * not hidden from the log; a secret has eight bytes or more and is no
 * placeholder.
 */
#ifndef STUB_CREDENTIALS_H
#define STUB_CREDENTIALS_H

#include <stdbool.h>

#include "core/manifest.h"
#include "core/value.h"
#include "stub/problems.h"
#include "stub/redact.h"

struct kb_credentials;

/* Everything that is missing or wrong goes to PROBLEMS: KB_E_MISSING says which
 * file or variable and where; KB_E_ENVIRONMENT an owner or mode. */
void kb_credentials_load(const char *dir, const struct kb_manifest *m,
			 struct kb_credentials **ret_credentials, struct kb_problems *problems);
void kb_credentials_free(struct kb_credentials *c); /* wipes */

/* NULL when it was not loaded. */
const char *kb_credentials_get(const struct kb_credentials *c, const char *module,
			       const char *variable);

/* A map of variables, secrets marked as such. */
struct kb_value *kb_credentials_value(const struct kb_credentials *c, const struct kb_manifest *m);

/* Hide the secrets from what is shown and logged. */
void kb_credentials_hide(const struct kb_credentials *c, const struct kb_manifest *m,
			 struct kb_redact *redact);

#endif
