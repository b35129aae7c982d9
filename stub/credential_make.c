#include "stub/credential_make.h"

#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "stub/credential_file.h"
#include "stub/secret.h"

#define FOLDER_HOSTS "hosts"
#define autowipe     __attribute__((cleanup(kb_buf_wipe)))

/* A file of credentials as it is in memory: TEXT, and what it says. */
struct file {
	char *shown; /* "/opt/../redis.env" */
	struct kb_buf text;
	struct kb_envfile *env;
	const char **made; /* the caller's: names of what was added */
	size_t n_made;
};
#define autofile __attribute__((cleanup(forget)))

static void forget(struct file *f)
{
	free(f->shown);
	kb_buf_wipe(&f->text);
	kb_envfile_free(f->env);
}

/* A file that is not there yet is an empty one. */
static int read_file(int dirfd, const char *dir, const char *module, struct file *f,
		     struct kb_err *err)
{
	int rc = kb_credential_file_read(dirfd, dir, module, &f->text, &f->env, err);

	f->shown = kb_format("%s/%s.env", dir, module);
	if (rc == KB_E_MISSING)
		rc = kb_envfile_parse(f->shown, "", 0, &f->env, err);
	return rc;
}

static int add(struct file *f, const char *variable, const char *value, struct kb_err *err)
{
	if (f->text.len && f->text.data[f->text.len - 1] != '\n')
		kb_buf_putc(&f->text, '\n');
	kb_envfile_add(&f->text, variable, value);
	f->made[f->n_made++] = variable;
	kb_envfile_free(f->env);
	f->env = NULL;
	return kb_envfile_parse(f->shown, f->text.data, f->text.len, &f->env, err);
}

static int add_secret(struct file *f, const char *variable, size_t length, struct kb_err *err)
{
	autowipe struct kb_buf secret = KB_BUF_INIT;
	int rc;

	if (kb_envfile_get(f->env, variable))
		return 0;
	kb_buf_reserve(&secret, length + 1);
	rc = kb_secret_make(length, &secret, err);
	return rc < 0 ? rc : add(f, variable, secret.data, err);
}

static int add_verifier(struct file *f, const struct kb_credential *c, struct kb_err *err)
{
	autowipe struct kb_buf verifier = KB_BUF_INIT;
	int rc;

	if (kb_envfile_get(f->env, c->variable))
		return 0;
	if ((rc = add_secret(f, c->text, c->length, err)) < 0 ||
	    (rc = kb_verifier_make(kb_envfile_get(f->env, c->text), NULL, &verifier, err)) < 0)
		return rc;
	return add(f, c->variable, verifier.data, err);
}

static int add_missing(struct file *f, const struct kb_credential *c, struct kb_err *err)
{
	switch (c->kind) {
	case KB_CREDENTIAL_SECRET: return add_secret(f, c->variable, c->length, err);
	case KB_CREDENTIAL_VERIFIER: return add_verifier(f, c, err);
	default: return kb_envfile_get(f->env, c->variable) ? 0 : add(f, c->variable, c->text, err);
	}
}

static bool names(const struct kb_credential *c, size_t n, const char *variable)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(c[i].variable, variable) == 0)
			return true;
	return false;
}

/* A new password beside an old verifier would lock everybody out. */
static int check_pairs(const struct file *f, const struct kb_credential *c, size_t n,
		       struct kb_err *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *verifier = kb_envfile_get(f->env, c[i].variable);
		const char *password;

		if (c[i].kind != KB_CREDENTIAL_VERIFIER || !verifier)
			continue;
		password = kb_envfile_get(f->env, c[i].text);
		if (!password && names(c, n, c[i].text))
			return kb_err_set(err, KB_E_INVALID,
					  "%s: has %s and not its password %s; put back the file "
					  "that had both",
					  f->shown, c[i].variable, c[i].text);
		if (password && !kb_verifier_fits(verifier, password))
			return kb_err_set(err, KB_E_INVALID,
					  "%s: %s is not of the password %s; put back the pair "
					  "that the cluster has, or remove the line of %s",
					  f->shown, c[i].variable, c[i].text, c[i].variable);
	}
	return 0;
}

int kb_credential_make(int dirfd, const char *dir, const struct kb_credential *c, size_t n,
		       const char **ret_made, size_t *ret_n_made, struct kb_err *err)
{
	autofile struct file f = {.text = KB_BUF_INIT, .made = ret_made};
	int rc = read_file(dirfd, dir, c->module, &f, err);

	if (rc < 0 || (rc = check_pairs(&f, c, n, err)) < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if ((rc = add_missing(&f, &c[i], err)) < 0)
			return rc;
	*ret_n_made = f.n_made;
	return f.n_made ? kb_credential_file_write(dirfd, c->module, &f.text, err) : 0;
}

static int open_host(int dirfd, const char *host, int *ret_fd, struct kb_err *err)
{
	kb_autoclose int hosts = -1;
	int rc = kb_path_make_at(dirfd, FOLDER_HOSTS, 0700, NULL, &hosts, NULL, err);

	if (rc < 0 || (rc = kb_path_make_at(hosts, host, 0700, NULL, ret_fd, NULL, err)) < 0)
		return rc;
	return kb_path_sweep(*ret_fd, err);
}

int kb_credential_hand_out(int dirfd, const char *dir, const char *host,
			   const struct kb_credential *c, size_t n, bool *ret_changed,
			   struct kb_err *err)
{
	kb_autofree char *shown = kb_format("%s/" FOLDER_HOSTS "/%s", dir, host);
	autofile struct file all = {.text = KB_BUF_INIT}, given = {.text = KB_BUF_INIT};
	autowipe struct kb_buf text = KB_BUF_INIT;
	kb_autoclose int hostfd = -1;
	int rc;

	if ((rc = read_file(dirfd, dir, c->module, &all, err)) < 0 ||
	    (rc = open_host(dirfd, host, &hostfd, err)) < 0 ||
	    (rc = read_file(hostfd, shown, c->module, &given, err)) < 0)
		return rc;
	for (size_t i = 0; i < kb_envfile_count(all.env); i++) {
		const char *variable = kb_envfile_key(all.env, i);

		if (names(c, n, variable) || kb_envfile_get(given.env, variable))
			kb_envfile_add(&text, variable, kb_envfile_value(all.env, i));
	}
	if (text.len == given.text.len &&
	    (text.len == 0 || memcmp(text.data, given.text.data, text.len) == 0))
		return 0;
	*ret_changed = true;
	return kb_credential_file_write(hostfd, c->module, &text, err);
}
