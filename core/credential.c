#include "core/credential.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/name.h"

#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool consists_of(const char *text, const char *set)
{
	return *text && text[strspn(text, set)] == '\0';
}

bool kb_credential_is_variable(const char *text)
{
	return text[0] >= 'A' && text[0] <= 'Z' && consists_of(text, UPPER DIGITS "_");
}

bool kb_credential_is_value(const char *text)
{
	return consists_of(text, UPPER LOWER DIGITS "._:/@+,-") &&
	       strlen(text) <= KB_CREDENTIAL_TEXT_MAX;
}

bool kb_credential_is_secret(const struct kb_credential *c)
{
	return c->kind != KB_CREDENTIAL_VALUE;
}

static bool is_length(uint16_t length)
{
	return length >= KB_CREDENTIAL_MAKE_MIN && length <= KB_CREDENTIAL_MAKE_MAX;
}

static bool is_whole(const struct kb_credential *c)
{
	switch (c->kind) {
	case KB_CREDENTIAL_VALUE: return c->length == 0 && kb_credential_is_value(c->text);
	case KB_CREDENTIAL_SECRET: return is_length(c->length) && !*c->text;
	case KB_CREDENTIAL_VERIFIER:
		return is_length(c->length) && kb_credential_is_variable(c->text);
	default: return false;
	}
}

int kb_credential_check(const struct kb_credential *c, struct kb_err *err)
{
	int rc = kb_name_check_id(c->module, err);

	if (rc < 0)
		return kb_err_wrap(err, "credentials");
	if (!kb_credential_is_variable(c->variable))
		return kb_err_set(err, KB_E_INVALID, "credentials: \"%s\" is no variable",
				  c->variable);
	if (!is_whole(c))
		return kb_err_set(err, KB_E_INVALID, "credentials: %s: kind %u is incomplete",
				  c->variable, c->kind);
	return 0;
}

int kb_credential_compare(const struct kb_credential *a, const struct kb_credential *b)
{
	int order = strcmp(a->module, b->module);

	return order ? order : strcmp(a->variable, b->variable);
}

void kb_credential_copy(struct kb_credential *to, const struct kb_credential *from)
{
	*to = *from;
	to->module = kb_strdup(from->module);
	to->variable = kb_strdup(from->variable);
	to->text = kb_strdup(from->text);
}

void kb_credential_free(struct kb_credential *c)
{
	free(c->module);
	free(c->variable);
	free(c->text);
}

char *kb_credential_describe(const struct kb_credential *c)
{
	switch (c->kind) {
	case KB_CREDENTIAL_SECRET: return kb_format("secret of %u", c->length);
	case KB_CREDENTIAL_VERIFIER: return kb_format("verifier of %s", c->text);
	default: return kb_format("value %s", c->text);
	}
}
