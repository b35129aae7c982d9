#include "core/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/name.h"

static const char *shown(const char *path, size_t len, char *buf, size_t cap)
{
	if (len == 0)
		return "/";
	if (len >= cap)
		len = cap - 1;
	memcpy(buf, path, len);
	buf[len] = '\0';
	return buf;
}

static bool expected(const struct kb_owners *owners, uid_t uid)
{
	if (uid == 0 || uid == geteuid())
		return true;
	for (size_t i = 0; owners && i < owners->n; i++)
		if (owners->uids[i] == uid)
			return true;
	return false;
}

static int check_folder(int fd, const char *path, const struct kb_owners *owners,
			struct kb_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	if (!expected(owners, st.st_uid))
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s belongs to user %u, who could change what is put there; "
				  "it must belong to root",
				  path, st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s has mode %04o: others than its owner may write there; "
				  "chmod go-w it",
				  path, st.st_mode & 07777);
	return 0;
}

/* ENOTDIR and ELOOP both mean "a link or no folder" here. */
static int open_failed(const char *path, struct kb_err *err)
{
	if (errno == ENOENT)
		return kb_err_errno(err, KB_E_MISSING, "%s", path);
	if (errno == ENOTDIR || errno == ELOOP)
		return kb_err_set(err, KB_E_PATH, "%s is a symbolic link or no directory", path);
	return kb_err_errno(err, KB_E_IO, "%s", path);
}

static int open_folder(int dirfd, const char *name, const char *path,
		       const struct kb_owners *owners, int *ret_fd, struct kb_err *err)
{
	kb_autoclose int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return open_failed(path, err);
	if ((rc = check_folder(fd, path, owners, err)) < 0)
		return rc;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* MODE is what it gets, whatever the umask; the parent is synced so that the
 * folder outlives a power cut together with what is put into it. */
static int make_folder(int dirfd, const char *name, mode_t mode, const char *path, bool *ret_made,
		       struct kb_err *err)
{
	mode_t mask = umask(0); /* a cut between mkdir and chmod leaves the right mode */
	int rc = mkdirat(dirfd, name, mode);

	umask(mask);
	*ret_made = false;
	if (rc < 0 && errno == EEXIST)
		return 0;
	if (rc < 0)
		return kb_err_errno(err, KB_E_IO, "create directory %s", path);
	*ret_made = true;
	if (fchmodat(dirfd, name, mode, 0) < 0)
		return kb_err_errno(err, KB_E_IO, "mode of %s", path);
	if (fsync(dirfd) < 0)
		return kb_err_errno(err, KB_E_IO, "sync the directory of %s", path);
	return 0;
}

struct walk {
	const char *path;
	const struct kb_owners *owners;
	bool make;
	mode_t mode;
};

/* From ROOTFD through the first LEN bytes of the path. */
static int walk(int rootfd, const struct walk *w, size_t len, int *ret_fd, struct kb_err *err)
{
	char prefix[KB_NAME_PATH_MAX + 1], name[KB_NAME_COMPONENT_MAX + 1];
	kb_autoclose int at = -1;
	size_t pos = 1;
	int rc = open_folder(rootfd, ".", "/", w->owners, &at, err);

	while (rc == 0 && pos < len) {
		size_t n = strcspn(w->path + pos, "/");
		bool made;
		int next = -1;

		if (pos + n > len || n == 0 || n > KB_NAME_COMPONENT_MAX)
			return kb_err_set(err, KB_E_PATH, "%s: not a plain path", w->path);
		shown(w->path + pos, n, name, sizeof(name));
		shown(w->path, pos + n, prefix, sizeof(prefix));
		if (w->make)
			rc = make_folder(at, name, w->mode, prefix, &made, err);
		if (rc == 0)
			rc = open_folder(at, name, prefix, w->owners, &next, err);
		if (rc < 0)
			return rc;
		close(at);
		at = next;
		pos += n + 1;
	}
	if (rc < 0)
		return rc;
	*ret_fd = at;
	at = -1;
	return 0;
}

static int check_plain(const char *path, struct kb_err *err)
{
	if (path[0] != '/' || strlen(path) > KB_NAME_PATH_MAX)
		return kb_err_set(err, KB_E_PATH, "%s: not an absolute path", path);
	return path[1] ? kb_name_check_relative(path + 1, err) : 0;
}

int kb_path_open_dir(int rootfd, const char *path, const struct kb_owners *owners, int *ret_fd,
		     struct kb_err *err)
{
	struct walk w = {.path = path, .owners = owners};
	int rc = check_plain(path, err);

	return rc < 0 ? rc : walk(rootfd, &w, strlen(path), ret_fd, err);
}

int kb_path_open_parent(int rootfd, const char *path, const struct kb_owners *owners, int *ret_fd,
			const char **ret_name, struct kb_err *err)
{
	struct walk w = {.path = path, .owners = owners};
	const char *slash = strrchr(path, '/');
	int rc = check_plain(path, err);

	if (rc == 0)
		rc = walk(rootfd, &w, (size_t)(slash - path), ret_fd, err);
	if (rc == 0)
		*ret_name = slash + 1;
	return rc;
}

int kb_path_make_dir(int rootfd, const char *path, mode_t mode, const struct kb_owners *owners,
		     int *ret_fd, struct kb_err *err)
{
	struct walk w = {.path = path, .owners = owners, .make = true, .mode = mode};
	int rc = check_plain(path, err);

	return rc < 0 ? rc : walk(rootfd, &w, strlen(path), ret_fd, err);
}

int kb_path_make_at(int dirfd, const char *name, mode_t mode, const struct kb_owners *owners,
		    int *ret_fd, bool *ret_made, struct kb_err *err)
{
	bool made;
	int rc = make_folder(dirfd, name, mode, name, &made, err);

	if (rc == 0)
		rc = open_folder(dirfd, name, name, owners, ret_fd, err);
	if (rc == 0 && ret_made)
		*ret_made = made;
	return rc;
}

int kb_path_open_file(int dirfd, const char *name, int *ret_fd, struct stat *ret_st,
		      struct kb_err *err)
{
	kb_autoclose int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return kb_err_errno(err, KB_E_MISSING, "%s", name);
	if (fd < 0 && (errno == ELOOP || errno == ENXIO))
		return kb_err_set(err, KB_E_PATH, "%s: a symbolic link or a socket, not a file",
				  name);
	if (fd < 0 || fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", name);
	if (!S_ISREG(st.st_mode))
		return kb_err_set(err, KB_E_PATH, "%s: not a regular file", name);
	*ret_st = st;
	*ret_fd = fd;
	fd = -1;
	return 0;
}
