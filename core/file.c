#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/random.h"

int kb_pread_full(int fd, void *buf, size_t len, uint64_t offset, struct kb_err *err)
{
	char *p = buf;

	while (len) {
		ssize_t n = pread(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kb_err_errno(err, KB_E_IO, "read at byte %llu",
					    (unsigned long long)offset);
		if (n == 0)
			return kb_err_set(err, KB_E_DAMAGED,
					  "the file ends at byte %llu, %zu bytes early; copy the "
					  "file again",
					  (unsigned long long)offset, len);
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int kb_write_full(int fd, const void *buf, size_t len, struct kb_err *err)
{
	const char *p = buf;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kb_err_errno(err, KB_E_IO, "write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_open_file(int fd, const char *path, size_t max, struct kb_buf *buf,
			  struct kb_err *err)
{
	struct stat st;
	size_t start = buf->len;

	if (fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	if (!S_ISREG(st.st_mode))
		return kb_err_set(err, KB_E_PATH, "%s: not a regular file", path);
	for (;;) {
		ssize_t n;

		kb_buf_reserve(buf, 65536);
		n = read(fd, buf->data + buf->len, buf->cap - buf->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kb_err_errno(err, KB_E_IO, "%s", path);
		buf->len += (size_t)n;
		buf->data[buf->len] = '\0';
		if (buf->len - start > max)
			return kb_err_set(err, KB_E_INVALID, "%s: more than %zu bytes", path, max);
		if (n == 0)
			return 0;
	}
}

int kb_file_read_at(int dirfd, const char *name, size_t max, struct kb_buf *buf, struct kb_err *err)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer */
	kb_autoclose int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return kb_err_errno(err, errno == ENOENT ? KB_E_MISSING : KB_E_IO, "%s", name);
	return read_open_file(fd, name, max, buf, err);
}

int kb_file_read(const char *path, size_t max, struct kb_buf *buf, struct kb_err *err)
{
	return kb_file_read_at(AT_FDCWD, path, max, buf, err);
}

static int open_exclusive(struct kb_newfile *nf, struct kb_err *err)
{
	uint8_t r[8];
	int rc = kb_random(r, sizeof(r), err);

	if (rc < 0)
		return rc;
	nf->tmp = kb_format(".%02x%02x%02x%02x%02x%02x%02x%02x.part", r[0], r[1], r[2], r[3], r[4],
			    r[5], r[6], r[7]);
	nf->fd = openat(nf->dirfd, nf->tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	if (nf->fd < 0)
		return kb_err_errno(err, KB_E_IO, "create %s", nf->name);
	return 0;
}

int kb_newfile_open_at(struct kb_newfile *nf, int dirfd, const char *name, mode_t mode,
		       struct kb_err *err)
{
	nf->tmp = NULL;
	nf->fd = -1;
	nf->mode = mode;
	nf->name = kb_strdup(name);
	nf->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	if (nf->dirfd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", name);
	return open_exclusive(nf, err);
}

int kb_newfile_open(struct kb_newfile *nf, const char *path, mode_t mode, struct kb_err *err)
{
	const char *slash = strrchr(path, '/');
	kb_autofree char *dir =
		!slash ? kb_strdup(".")
		       : kb_strndup(path, slash == path ? 1 : (size_t)(slash - path));
	kb_autoclose int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		return kb_err_errno(err, errno == ENOENT ? KB_E_MISSING : KB_E_IO, "%s", dir);
	return kb_newfile_open_at(nf, dirfd, slash ? slash + 1 : path, mode, err);
}

static int take_name(struct kb_newfile *nf, struct kb_err *err)
{
	if (renameat(nf->dirfd, nf->tmp, nf->dirfd, nf->name) < 0)
		return kb_err_errno(err, KB_E_IO, "rename to %s", nf->name);
	free(nf->tmp);
	nf->tmp = NULL;
	return 0;
}

int kb_newfile_commit(struct kb_newfile *nf, uid_t uid, gid_t gid, struct kb_err *err)
{
	int rc;

	/* owner first: chown clears set-id bits and would undo the mode */
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(nf->fd, uid, gid) < 0)
		return kb_err_errno(err, KB_E_IO, "owner of %s", nf->name);
	if (fchmod(nf->fd, nf->mode) < 0)
		return kb_err_errno(err, KB_E_IO, "mode of %s", nf->name);
	if (fsync(nf->fd) < 0)
		return kb_err_errno(err, KB_E_IO, "sync %s", nf->name);
	if ((rc = take_name(nf, err)) < 0)
		return rc;
	if (fsync(nf->dirfd) < 0)
		return kb_err_errno(err, KB_E_IO, "sync directory of %s", nf->name);
	kb_newfile_drop(nf);
	return 0;
}

int kb_newfile_publish(struct kb_newfile *nf, struct kb_err *err)
{
	int rc = fchmod(nf->fd, nf->mode) < 0 ? kb_err_errno(err, KB_E_IO, "mode of %s", nf->name)
					      : take_name(nf, err);

	if (rc == 0)
		kb_newfile_drop(nf);
	return rc;
}

void kb_newfile_drop(struct kb_newfile *nf)
{
	int saved = errno;

	if (nf->tmp)
		unlinkat(nf->dirfd, nf->tmp, 0);
	kb_cleanup_close(&nf->fd);
	kb_cleanup_close(&nf->dirfd);
	nf->fd = nf->dirfd = -1;
	free(nf->tmp);
	free(nf->name);
	nf->tmp = nf->name = NULL;
	errno = saved;
}

int kb_file_replace(const char *path, const void *data, size_t len, mode_t mode, struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	int rc;

	if ((rc = kb_newfile_open(&nf, path, mode, err)) < 0 ||
	    (rc = kb_write_full(nf.fd, data, len, err)) < 0)
		return rc;
	return kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
}

int kb_mkdirs(const char *path, mode_t mode, struct kb_err *err)
{
	kb_autofree char *work = kb_strdup(path);

	for (char *p = work + 1; *work; p++) {
		char saved = *p;

		if (saved != '/' && saved != '\0')
			continue;
		*p = '\0';
		if (mkdir(work, mode) < 0 && errno != EEXIST)
			return kb_err_errno(err, KB_E_IO, "create directory %s", work);
		if (saved == '\0')
			break;
		*p = saved;
	}
	return 0;
}
