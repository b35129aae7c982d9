#include "builder/sums.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"

static int is_bundle(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && entry->d_name[0] != '.' && !strcmp(entry->d_name + len - 4, ".run");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_line(const char *dir, const char *name, struct kb_buf *text, struct kb_err *err)
{
	kb_autofree char *path = kb_format("%s/%s", dir, name);
	kb_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct kb_digest digest;
	int rc;

	if (fd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	if ((rc = kb_digest_of_fd(fd, &digest, NULL, err)) < 0)
		return kb_err_wrap(err, "%s", path);
	kb_buf_printf(text, "%s  %s\n", kb_digest_hex(&digest), name);
	return 0;
}

static int write_signature(const char *path, const struct kb_buf *text,
			   const struct kb_secret_key *key, struct kb_err *err)
{
	kb_autofree char *sig_path = kb_format("%s.ed25519", path);
	uint8_t signature[KB_SIGNATURE_LEN];
	int rc = kb_secret_key_sign(key, text->data, text->len, signature, err);

	if (rc == 0)
		rc = kb_file_replace(sig_path, signature, sizeof(signature), 0644, err);
	return rc;
}

int kb_sums_write(const char *dir, const struct kb_secret_key *key, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	kb_autofree char *path = kb_format("%s/SHA256SUMS", dir);
	struct dirent **names = NULL;
	int n = scandir(dir, &names, is_bundle, by_bytes), rc = 0;

	if (n < 0)
		return kb_err_errno(err, KB_E_IO, "%s", dir);
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = add_line(dir, names[i]->d_name, &text, err);
		free(names[i]);
	}
	free(names);
	if (rc == 0)
		rc = kb_file_replace(path, text.data ? text.data : "", text.len, 0644, err);
	if (rc == 0)
		rc = write_signature(path, &text, key, err);
	return rc;
}
