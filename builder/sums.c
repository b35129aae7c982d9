#include "builder/sums.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder/minisig.h"
#include "builder/provenance.h"
#include "builder/sshsig.h"
#include "builder/written.h"
#include "core/file.h"

static bool ends_with(const char *name, const char *end)
{
	size_t a = strlen(name), b = strlen(end);

	return a > b && name[0] != '.' && strcmp(name + a - b, end) == 0;
}

static int is_ours(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".run") || strcmp(entry->d_name, KB_PROVENANCE_FILE) == 0;
}

static int is_sbom(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".spdx.json");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct sums {
	const char *dir;
	struct kb_store *store;
	struct kb_key signer;
	struct kb_buf text;
};

static int add_line(struct sums *s, const char *name, struct kb_err *err)
{
	kb_autofree char *path = kb_format("%s/%s", s->dir, name);
	struct kb_digest digest;
	int rc = kb_written_digest(s->store, &s->signer, path, &digest, err);

	if (rc < 0)
		return rc;
	kb_buf_printf(&s->text, "%s  %s\n", kb_digest_hex(&digest), name);
	return 0;
}

/* Lines for what IS_WANTED of the folder BELOW; "" or one that may be absent. */
static int add_folder(struct sums *s, const char *below, int (*is_wanted)(const struct dirent *),
		      struct kb_err *err)
{
	kb_autofree char *path = kb_format("%s/%s", s->dir, below);
	struct dirent **names = NULL;
	int n = scandir(path, &names, is_wanted, by_bytes), rc = 0;

	if (n < 0 && *below && errno == ENOENT)
		return 0;
	if (n < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	for (int i = 0; i < n; i++) {
		kb_autofree char *name = kb_format("%s%s", below, names[i]->d_name);

		if (rc == 0)
			rc = add_line(s, name, err);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int write_raw(const char *path, const struct kb_buf *text, const struct kb_secret_key *key,
		     struct kb_err *err)
{
	kb_autofree char *sig_path = kb_format("%s.ed25519", path);
	uint8_t signature[KB_SIGNATURE_LEN];
	int rc = kb_secret_key_sign(key, text->data, text->len, signature, err);

	if (rc == 0)
		rc = kb_file_replace(sig_path, signature, sizeof(signature), 0644, err);
	return rc;
}

typedef int make_fn(const struct kb_secret_key *key, const void *msg, size_t len,
		    struct kb_buf *out, struct kb_err *err);

static int write_made(const char *path, const char *end, make_fn *make, const struct kb_buf *text,
		      const struct kb_secret_key *key, struct kb_err *err)
{
	kb_autofree char *sig_path = kb_format("%s%s", path, end);
	kb_autobuf struct kb_buf made = KB_BUF_INIT;
	int rc = make(key, text->data, text->len, &made, err);

	if (rc == 0)
		rc = kb_file_replace(sig_path, made.data, made.len, 0644, err);
	return rc;
}

static int write_signed(const struct sums *s, const struct kb_secret_key *key, struct kb_err *err)
{
	kb_autofree char *path = kb_format("%s/SHA256SUMS", s->dir);
	int rc;

	if ((rc = kb_file_replace(path, s->text.data, s->text.len, 0644, err)) < 0 ||
	    (rc = write_raw(path, &s->text, key, err)) < 0 ||
	    (rc = write_made(path, ".sshsig", kb_sshsig_make, &s->text, key, err)) < 0)
		return rc;
	return write_made(path, ".minisig", kb_minisig_make, &s->text, key, err);
}

int kb_sums_write(const char *dir, struct kb_store *store, const struct kb_secret_key *key,
		  struct kb_err *err)
{
	struct sums s = {.dir = dir, .store = store, .text = KB_BUF_INIT};
	int rc;

	kb_secret_key_public(key, &s.signer);
	kb_buf_puts(&s.text, "");
	rc = add_folder(&s, "", is_ours, err);
	if (rc == 0)
		rc = add_folder(&s, "sbom/", is_sbom, err);
	if (rc == 0)
		rc = write_signed(&s, key, err);
	kb_buf_free(&s.text);
	return rc;
}

int kb_sums_write_public(const char *name, const struct kb_key *key, struct kb_err *err)
{
	const char *slash = strrchr(name, '/');
	kb_autofree char *ssh_path = kb_format("%s.allowed_signers", name);
	kb_autofree char *minisign_path = kb_format("%s.minisign", name);
	kb_autobuf struct kb_buf ssh = KB_BUF_INIT, minisign = KB_BUF_INIT;
	int rc;

	kb_sshsig_allowed_signer(key, slash ? slash + 1 : name, &ssh);
	kb_minisig_public(key, &minisign);
	rc = kb_file_replace(ssh_path, ssh.data, ssh.len, 0644, err);
	if (rc == 0)
		rc = kb_file_replace(minisign_path, minisign.data, minisign.len, 0644, err);
	return rc;
}
