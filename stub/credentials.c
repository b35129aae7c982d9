#include "stub/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "stub/credential_file.h"

struct module {
	const char *name; /* of the manifest */
	struct kb_envfile *env;
};

struct kb_credentials {
	struct module *modules;
	size_t n;
};

static bool is_placeholder(const char *value)
{
	static const char *const words[] = {"changeme", "change_me", "change-me", "placeholder",
					    "xxxxxx",   "secret",    "password"};
	size_t len = strlen(value);

	if (value[0] == '<' && value[len - 1] == '>')
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncasecmp(value, words[i], strlen(words[i])) == 0)
			return true;
	return strspn(value, (char[]){value[0], '\0'}) == len;
}

/* "REDIS_PASSWORD, REDIS_SENTINEL_PASSWORD": what a module must define. */
static void list_variables(const struct kb_manifest *m, const char *module, struct kb_buf *out)
{
	for (size_t i = 0; i < m->n_credentials; i++)
		if (strcmp(m->credentials[i].module, module) == 0)
			kb_buf_printf(out, "%s%s", out->len ? ", " : "",
				      m->credentials[i].variable);
}

static void load_module(int dirfd, const char *dir, const struct kb_manifest *m,
			struct module *module, struct kb_problems *problems)
{
	__attribute__((cleanup(kb_buf_wipe))) struct kb_buf text = KB_BUF_INIT;
	kb_autobuf struct kb_buf variables = KB_BUF_INIT;
	struct kb_err err;
	int rc = kb_credential_file_read(dirfd, dir, module->name, &text, &module->env, &err);

	if (rc == KB_E_MISSING) {
		list_variables(m, module->name, &variables);
		kb_problems_add(problems, KB_E_MISSING,
				"credentials: there is no %s/%s.env; it must define %s", dir,
				module->name, variables.data);
	} else {
		kb_problems_take(problems, rc, &err);
	}
}

static void check_variable(const char *dir, const struct kb_credential *want,
			   const struct kb_envfile *env, struct kb_problems *problems)
{
	const char *value = kb_envfile_get(env, want->variable);

	if (!value) {
		kb_problems_add(problems, KB_E_MISSING, "credentials: %s/%s.env does not define %s",
				dir, want->module, want->variable);
	} else if (kb_credential_is_secret(want)) {
		if (strlen(value) < KB_CREDENTIAL_MIN)
			kb_problems_add(problems, KB_E_INVALID,
					"credentials: %s/%s.env: %s is shorter than %d characters",
					dir, want->module, want->variable, KB_CREDENTIAL_MIN);
		else if (is_placeholder(value))
			kb_problems_add(problems, KB_E_INVALID,
					"credentials: %s/%s.env: %s is a placeholder; put the real "
					"one there",
					dir, want->module, want->variable);
	}
}

/* Credentials are sorted by module, so each one's are together. */
static void load_modules(struct kb_credentials *c, int dirfd, const char *dir,
			 const struct kb_manifest *m, struct kb_problems *problems)
{
	for (size_t i = 0; i < m->n_credentials; i++) {
		const struct kb_credential *want = &m->credentials[i];

		if (c->n == 0 || strcmp(c->modules[c->n - 1].name, want->module) != 0) {
			c->modules[c->n].name = want->module;
			load_module(dirfd, dir, m, &c->modules[c->n++], problems);
		}
		if (c->modules[c->n - 1].env)
			check_variable(dir, want, c->modules[c->n - 1].env, problems);
	}
}

void kb_credentials_load(const char *dir, const struct kb_manifest *m,
			 struct kb_credentials **ret_credentials, struct kb_problems *problems)
{
	struct kb_credentials *c = kb_alloc(1, sizeof(*c));
	kb_autoclose int dirfd = -1;
	struct kb_err err;

	c->modules = kb_alloc(m->n_credentials, sizeof(*c->modules));
	*ret_credentials = c;
	if (m->n_credentials == 0 ||
	    kb_problems_take(problems, kb_credential_folder_open(dir, &dirfd, &err), &err) < 0)
		return;
	load_modules(c, dirfd, dir, m, problems);
}

void kb_credentials_free(struct kb_credentials *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		kb_envfile_free(c->modules[i].env);
	free(c->modules);
	free(c);
}

const char *kb_credentials_get(const struct kb_credentials *c, const char *module,
			       const char *variable)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->modules[i].env && strcmp(c->modules[i].name, module) == 0)
			return kb_envfile_get(c->modules[i].env, variable);
	return NULL;
}

struct kb_value *kb_credentials_value(const struct kb_credentials *c, const struct kb_manifest *m)
{
	struct kb_value *map = kb_value_map();

	for (size_t i = 0; i < m->n_credentials; i++) {
		const struct kb_credential *want = &m->credentials[i];
		const char *value = kb_credentials_get(c, want->module, want->variable);

		if (value)
			kb_value_set(map, want->variable,
				     kb_credential_is_secret(want)
					     ? kb_value_secret(value, strlen(value))
					     : kb_value_text(value));
	}
	return map;
}

void kb_credentials_hide(const struct kb_credentials *c, const struct kb_manifest *m,
			 struct kb_redact *redact)
{
	for (size_t i = 0; i < m->n_credentials; i++) {
		const struct kb_credential *want = &m->credentials[i];
		const char *value = kb_credentials_get(c, want->module, want->variable);

		if (value && kb_credential_is_secret(want))
			kb_redact_add(redact, value, strlen(value));
	}
}
