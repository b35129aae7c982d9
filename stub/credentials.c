#include "stub/credentials.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/envfile.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/path.h"

struct module {
	const char *name; /* of the manifest */
	struct kb_envfile *env;
};

struct kb_credentials {
	struct module *modules;
	size_t n;
};

bool kb_credential_is_secret(const char *variable)
{
	static const char *const plain[] = {"_USER",   "_SUPERUSER", "_NAME", "_DB",    "_DATABASE",
					    "_BUCKET", "_HOST",      "_PORT", "_QUORUM"};
	size_t len = strlen(variable);

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		size_t n = strlen(plain[i]);

		if (len > n && strcmp(variable + len - n, plain[i]) == 0)
			return false;
	}
	return true;
}

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

/* Owner and mode of the folder or file behind FD: nobody but root may look. */
static int check_private(int fd, const char *dir, const char *name, struct kb_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s/%s", dir, name);
	if ((st.st_uid == 0 || st.st_uid == geteuid()) && !(st.st_mode & 077))
		return 0;
	return kb_err_set(err, KB_E_ENVIRONMENT,
			  "%s%s%s belongs to user %u and has mode %04o; credentials must belong "
			  "to root and be closed to everybody else: chown root, chmod %s",
			  dir, *name ? "/" : "", name, st.st_uid, st.st_mode & 07777,
			  S_ISDIR(st.st_mode) ? "700" : "600");
}

static int open_folder(const char *dir, int *ret_fd, struct kb_err *err)
{
	kb_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc;

	if (fd < 0 && errno == ENOENT)
		return kb_err_set(err, KB_E_MISSING,
				  "credentials: there is no %s; copy the host's credentials there "
				  "(directory 0700, files 0600) or name their folder with "
				  "--credentials",
				  dir);
	if (fd < 0)
		return kb_err_errno(err, KB_E_ENVIRONMENT, "credentials: %s", dir);
	if ((rc = check_private(fd, dir, "", err)) < 0)
		return rc;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int read_module(int dirfd, const char *dir, const char *module, struct kb_envfile **ret_env,
		       struct kb_err *err)
{
	__attribute__((cleanup(kb_buf_wipe))) struct kb_buf text = KB_BUF_INIT;
	kb_autofree char *name = kb_format("%s.env", module);
	kb_autofree char *path = kb_format("%s/%s", dir, name);
	kb_autoclose int fd = -1;
	struct stat st;
	int rc = kb_path_open_file(dirfd, name, &fd, &st, err);

	if (rc < 0 || (rc = check_private(fd, dir, name, err)) < 0)
		return rc;
	if (st.st_size > KB_ENVFILE_MAX)
		return kb_err_set(err, KB_E_INVALID, "%s: more than %d bytes", path,
				  KB_ENVFILE_MAX);
	kb_buf_reserve(&text, (size_t)st.st_size);
	if ((rc = kb_pread_full(fd, text.data, (size_t)st.st_size, 0, err)) < 0)
		return rc;
	text.len = (size_t)st.st_size;
	return kb_envfile_parse(path, text.data, text.len, ret_env, err);
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
	kb_autobuf struct kb_buf variables = KB_BUF_INIT;
	struct kb_err err;
	int rc = read_module(dirfd, dir, module->name, &module->env, &err);

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
	} else if (kb_credential_is_secret(want->variable)) {
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
	    kb_problems_take(problems, open_folder(dir, &dirfd, &err), &err) < 0)
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
				     kb_credential_is_secret(want->variable)
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

		if (value && kb_credential_is_secret(want->variable))
			kb_redact_add(redact, value, strlen(value));
	}
}
