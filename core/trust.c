#include "core/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"

/* An anchor that somebody else can change is no anchor. */
static int check_owner(int fd, const char *what, struct kb_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", what);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s: owner %u, mode %04o; trust anchors must belong to root and "
				  "be writable by root only: chown root, chmod go-w",
				  what, st.st_uid, st.st_mode & 07777);
	return 0;
}

static int load_anchor(int dirfd, const char *name, struct kb_trust *trust, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	kb_autoclose int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	int rc;

	if (fd < 0)
		return kb_err_errno(err, KB_E_IO, "%s/%s", trust->where, name);
	if ((rc = check_owner(fd, name, err)) < 0 ||
	    (rc = kb_file_read_at(dirfd, name, 4096, &text, err)) < 0)
		return kb_err_wrap(err, "%s", trust->where);
	if (trust->n == KB_TRUST_MAX)
		return kb_err_set(err, KB_E_INVALID, "%s: more than %d anchors", trust->where,
				  KB_TRUST_MAX);
	rc = kb_key_parse(text.data, text.len, name, &trust->keys[trust->n], err);
	if (rc < 0)
		return kb_err_wrap(err, "%s", trust->where);
	trust->n++;
	return 0;
}

static int is_anchor(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && entry->d_name[0] != '.' && !strcmp(entry->d_name + len - 4, ".pub");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int kb_trust_load(const char *dir, struct kb_trust *ret_trust, struct kb_err *err)
{
	struct kb_trust trust = {.n = 0};
	kb_autoclose int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **names = NULL;
	int n, rc;

	snprintf(trust.where, sizeof(trust.where), "%s", dir);
	if (dirfd < 0 && errno == ENOENT) {
		*ret_trust = trust;
		return 0;
	}
	if (dirfd < 0)
		return kb_err_errno(err, KB_E_IO, "trust anchors in %s", dir);
	if ((rc = check_owner(dirfd, dir, err)) < 0)
		return rc;
	n = scandirat(dirfd, ".", &names, is_anchor, by_bytes);
	if (n < 0)
		return kb_err_errno(err, KB_E_IO, "trust anchors in %s", dir);
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = load_anchor(dirfd, names[i]->d_name, &trust, err);
		free(names[i]);
	}
	free(names);
	if (rc == 0)
		*ret_trust = trust;
	return rc;
}

bool kb_trust_has(const struct kb_trust *trust, const struct kb_key *key)
{
	struct kb_digest fingerprint;

	for (size_t i = 0; i < trust->n; i++)
		if (kb_key_eq(&trust->keys[i], key))
			return true;
	if (!trust->by_fingerprint)
		return false;
	kb_key_fingerprint(key, &fingerprint);
	return kb_digest_eq(&trust->fingerprint, &fingerprint);
}
