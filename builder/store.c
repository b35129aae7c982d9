#include "builder/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/store_scratch.h"
#include "core/file.h"

enum {
	BLOB_PATH = 2 + 1 + KB_HEX_LEN - 2 + 1, /* ab/cdef.. */
	DERIVED_MAX = 1 << 20,
	BLOB_MODE = 0444,
};

struct kb_store {
	char *dir; /* absolute */
	int blobs_fd, derived_fd, partial_fd;
	char *partial_dir;
	struct kb_scratch scratch;
};

struct kb_store_writer {
	struct kb_store *store;
	int fd;
	char *tmp;
	struct kb_sha256 *sha;
	uint64_t size;
};

static int open_folder(const char *dir, const char *name, int *ret_fd, struct kb_err *err)
{
	kb_autofree char *path = kb_format("%s/%s", dir, name);

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return kb_err_errno(err, KB_E_IO, "create directory %s", path);
	*ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	return 0;
}

int kb_store_open(const char *dir, struct kb_store **ret_store, struct kb_err *err)
{
	kb_autostore struct kb_store *store = NULL;
	kb_autofree char *tmp = NULL;
	kb_autoclose int tmp_fd = -1;
	char real[PATH_MAX];
	int rc;

	rc = kb_mkdirs(dir, 0755, err);
	if (rc < 0)
		return kb_err_wrap(err, "store");
	if (!realpath(dir, real))
		return kb_err_errno(err, KB_E_IO, "store %s", dir);
	store = kb_alloc(1, sizeof(*store));
	store->dir = kb_strdup(real);
	store->blobs_fd = store->derived_fd = store->partial_fd = -1;
	tmp = kb_format("%s/tmp", real);
	kb_scratch_init(&store->scratch, tmp);
	if ((rc = open_folder(real, "sha256", &store->blobs_fd, err)) < 0 ||
	    (rc = open_folder(real, "derived", &store->derived_fd, err)) < 0 ||
	    (rc = open_folder(real, "tmp", &tmp_fd, err)) < 0)
		return rc;
	*ret_store = kb_steal(store);
	return 0;
}

void kb_store_close(struct kb_store *store)
{
	if (!store)
		return;
	kb_scratch_end(&store->scratch);
	kb_cleanup_close(&store->blobs_fd);
	kb_cleanup_close(&store->derived_fd);
	kb_cleanup_close(&store->partial_fd);
	free(store->partial_dir);
	free(store->dir);
	free(store);
}

void kb_store_cleanup(struct kb_store **store)
{
	kb_store_close(*store);
}

const char *kb_store_dir(const struct kb_store *store)
{
	return store->dir;
}

static void blob_path(const struct kb_digest *digest, char path[BLOB_PATH])
{
	char hex[KB_HEX_LEN + 1];

	kb_hex(digest->b, KB_DIGEST_LEN, hex);
	snprintf(path, BLOB_PATH, "%.2s/%s", hex, hex + 2);
}

bool kb_store_has(struct kb_store *store, const struct kb_digest *digest, uint64_t *ret_size)
{
	char path[BLOB_PATH];
	struct stat st;

	blob_path(digest, path);
	if (fstatat(store->blobs_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return false;
	if (ret_size)
		*ret_size = (uint64_t)st.st_size;
	return true;
}

int kb_store_read(struct kb_store *store, const struct kb_digest *digest, int *ret_fd,
		  uint64_t *ret_size, struct kb_err *err)
{
	kb_autoclose int fd = -1;
	char path[BLOB_PATH];
	struct stat st;

	blob_path(digest, path);
	fd = openat(store->blobs_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return kb_err_set(err, KB_E_MISSING,
				  "sha256:%s is not in the store %s; run: keybuzz-bundle fetch",
				  kb_digest_hex(digest), store->dir);
	if (fd < 0 || fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s/sha256/%s", store->dir, path);
	if (!S_ISREG(st.st_mode))
		return kb_err_set(err, KB_E_PATH, "%s/sha256/%s: not a regular file", store->dir,
				  path);
	*ret_fd = fd;
	fd = -1;
	if (ret_size)
		*ret_size = (uint64_t)st.st_size;
	return 0;
}

/* Give the synced file TMP its name in the folder DIRFD/NAME, durably. */
static int publish(int dirfd, const char *tmp, const char *name, struct kb_err *err)
{
	kb_autoclose int folder = -1;
	const char *slash = strchr(name, '/');

	if (slash) {
		kb_autofree char *sub = kb_strndup(name, (size_t)(slash - name));

		if (mkdirat(dirfd, sub, 0755) == 0) {
			if (fsync(dirfd) < 0)
				return kb_err_errno(err, KB_E_IO, "sync the store");
		} else if (errno != EEXIST) {
			return kb_err_errno(err, KB_E_IO, "create store folder %s", sub);
		}
		folder = openat(dirfd, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (folder < 0)
			return kb_err_errno(err, KB_E_IO, "store folder %s", sub);
	}
	if (renameat(AT_FDCWD, tmp, dirfd, name) < 0)
		return kb_err_errno(err, KB_E_IO, "rename to %s in the store", name);
	if (fsync(folder >= 0 ? folder : dirfd) < 0)
		return kb_err_errno(err, KB_E_IO, "sync the store");
	return 0;
}

int kb_store_begin(struct kb_store *store, struct kb_store_writer **ret_w, struct kb_err *err)
{
	kb_autowriter struct kb_store_writer *w = NULL;
	int rc = kb_scratch_need(&store->scratch, err);

	if (rc < 0)
		return rc;
	w = kb_alloc(1, sizeof(*w));
	w->store = store;
	w->tmp = kb_format("%s/%" PRIu64, store->scratch.path, kb_scratch_number(&store->scratch));
	w->sha = kb_sha256_new();
	w->fd = open(w->tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (w->fd < 0)
		return kb_err_errno(err, KB_E_IO, "create %s", w->tmp);
	*ret_w = kb_steal(w);
	return 0;
}

int kb_store_add(struct kb_store_writer *w, const void *data, size_t len, struct kb_err *err)
{
	int rc = kb_write_full(w->fd, data, len, err);

	if (rc < 0)
		return kb_err_wrap(err, "store %s", w->store->dir);
	kb_sha256_add(w->sha, data, len);
	w->size += len;
	return 0;
}

int kb_store_commit(struct kb_store_writer *w, const struct kb_digest *wanted,
		    struct kb_digest *ret_digest, uint64_t *ret_size, struct kb_err *err)
{
	kb_autowriter struct kb_store_writer *owned = w; /* freed in every case */
	struct kb_digest digest;
	char path[BLOB_PATH];
	int rc;

	kb_sha256_end(w->sha, &digest);
	if (wanted && !kb_digest_eq(wanted, &digest))
		return kb_err_set(err, KB_E_DAMAGED, "%" PRIu64 " bytes have sha256 %s, not %s",
				  w->size, kb_digest_hex(&digest), kb_digest_hex(wanted));
	if (fchmod(w->fd, BLOB_MODE) < 0 || fsync(w->fd) < 0)
		return kb_err_errno(err, KB_E_IO, "sync %s", w->tmp);
	blob_path(&digest, path);
	rc = publish(w->store->blobs_fd, w->tmp, path, err);
	if (rc < 0)
		return rc;
	free(w->tmp);
	w->tmp = NULL;
	if (ret_digest)
		*ret_digest = digest;
	if (ret_size)
		*ret_size = w->size;
	(void)owned;
	return 0;
}

void kb_store_abort(struct kb_store_writer *w)
{
	if (!w)
		return;
	if (w->tmp && w->fd >= 0)
		unlink(w->tmp);
	kb_cleanup_close(&w->fd);
	kb_sha256_free(w->sha);
	free(w->tmp);
	free(w);
}

void kb_store_writer_cleanup(struct kb_store_writer **w)
{
	kb_store_abort(*w);
}

int kb_store_adopt(struct kb_store *store, const char *path, const struct kb_digest *wanted,
		   uint64_t wanted_size, struct kb_err *err)
{
	kb_autoclose int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct kb_digest digest;
	char name[BLOB_PATH];
	struct stat st;
	uint64_t size;
	int rc;

	if (fd < 0 || fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	if (!S_ISREG(st.st_mode))
		return kb_err_set(err, KB_E_PATH, "%s: not a regular file", path);
	if ((uint64_t)st.st_size != wanted_size)
		return kb_err_set(err, KB_E_DAMAGED, "%" PRIu64 " bytes instead of %" PRIu64,
				  (uint64_t)st.st_size, wanted_size);
	rc = kb_digest_of_fd(fd, &digest, &size, err);
	if (rc < 0)
		return kb_err_wrap(err, "%s", path);
	if (!kb_digest_eq(&digest, wanted))
		return kb_err_set(err, KB_E_DAMAGED, "%" PRIu64 " bytes have sha256 %s, not %s",
				  size, kb_digest_hex(&digest), kb_digest_hex(wanted));
	if (fchmod(fd, BLOB_MODE) < 0 || fsync(fd) < 0)
		return kb_err_errno(err, KB_E_IO, "sync %s", path);
	blob_path(wanted, name);
	return publish(store->blobs_fd, path, name, err);
}

int kb_store_put(struct kb_store *store, const void *data, size_t len, struct kb_digest *ret_digest,
		 struct kb_err *err)
{
	struct kb_store_writer *w;
	struct kb_digest digest;
	uint64_t size;
	int rc;

	kb_digest_of(data, len, &digest);
	if (!kb_store_has(store, &digest, &size) || size != len ||
	    kb_store_check(store, &digest, NULL) < 0) {
		rc = kb_store_begin(store, &w, err);
		if (rc < 0)
			return rc;
		rc = kb_store_add(w, data, len, err);
		if (rc < 0) {
			kb_store_abort(w);
			return rc;
		}
		rc = kb_store_commit(w, &digest, NULL, NULL, err);
		if (rc < 0)
			return rc;
	}
	if (ret_digest)
		*ret_digest = digest;
	return 0;
}

int kb_store_get(struct kb_store *store, const struct kb_digest *digest, size_t max,
		 struct kb_buf *buf, struct kb_err *err)
{
	kb_autoclose int fd = -1;
	struct kb_digest got;
	size_t start = buf->len;
	uint64_t size;
	int rc = kb_store_read(store, digest, &fd, &size, err);

	if (rc < 0)
		return rc;
	if (size > max)
		return kb_err_set(err, KB_E_INVALID, "sha256:%s has %" PRIu64 " bytes, at most %zu",
				  kb_digest_hex(digest), size, max);
	kb_buf_reserve(buf, (size_t)size);
	rc = kb_pread_full(fd, buf->data + start, (size_t)size, 0, err);
	if (rc < 0) {
		buf->data[start] = '\0';
		return kb_err_wrap(err, "sha256:%s", kb_digest_hex(digest));
	}
	kb_digest_of(buf->data + start, (size_t)size, &got);
	if (!kb_digest_eq(&got, digest)) {
		buf->data[start] = '\0';
		return kb_err_set(err, KB_E_DAMAGED,
				  "sha256:%s in the store %s has other content (%s); run: "
				  "keybuzz-bundle fetch",
				  kb_digest_hex(digest), store->dir, kb_digest_hex(&got));
	}
	buf->len = start + (size_t)size;
	buf->data[buf->len] = '\0';
	return 0;
}

int kb_store_check(struct kb_store *store, const struct kb_digest *digest, struct kb_err *err)
{
	kb_autoclose int fd = -1;
	struct kb_digest got;
	char path[BLOB_PATH];
	int rc = kb_store_read(store, digest, &fd, NULL, err);

	if (rc < 0)
		return rc;
	rc = kb_digest_of_fd(fd, &got, NULL, err);
	if (rc < 0)
		return kb_err_wrap(err, "sha256:%s", kb_digest_hex(digest));
	if (kb_digest_eq(&got, digest))
		return 0;
	blob_path(digest, path);
	if (unlinkat(store->blobs_fd, path, 0) < 0 && errno != ENOENT)
		return kb_err_errno(err, KB_E_IO, "remove damaged sha256:%s",
				    kb_digest_hex(digest));
	return kb_err_set(err, KB_E_DAMAGED,
			  "sha256:%s in the store %s had other content (%s); removed, run: "
			  "keybuzz-bundle fetch",
			  kb_digest_hex(digest), store->dir, kb_digest_hex(&got));
}

int kb_store_derived_get(struct kb_store *store, const struct kb_digest *key, struct kb_buf *buf,
			 struct kb_err *err)
{
	return kb_file_read_at(store->derived_fd, kb_digest_hex(key), DERIVED_MAX, buf, err);
}

int kb_store_derived_put(struct kb_store *store, const struct kb_digest *key, const void *text,
			 size_t len, struct kb_err *err)
{
	kb_autowriter struct kb_store_writer *w = NULL; /* a temporary file as any other */
	int rc;

	if ((rc = kb_store_begin(store, &w, err)) < 0 ||
	    (rc = kb_write_full(w->fd, text, len, err)) < 0)
		return rc;
	if (fchmod(w->fd, BLOB_MODE) < 0 || fsync(w->fd) < 0)
		return kb_err_errno(err, KB_E_IO, "sync %s", w->tmp);
	rc = publish(store->derived_fd, w->tmp, kb_digest_hex(key), err);
	if (rc < 0)
		return rc;
	free(w->tmp);
	w->tmp = NULL;
	return 0;
}

int kb_store_scratch(struct kb_store *store, char **ret_path, struct kb_err *err)
{
	kb_autofree char *path = NULL;
	int rc = kb_scratch_need(&store->scratch, err);

	if (rc < 0)
		return rc;
	path = kb_format("%s/%" PRIu64, store->scratch.path, kb_scratch_number(&store->scratch));
	/* open to others whatever the umask: as an ordinary user mmdebstrap works
	 * under another user's id, and nothing in here is a secret */
	if (mkdir(path, 0755) < 0 || chmod(path, 0755) < 0)
		return kb_err_errno(err, KB_E_IO, "create directory %s", path);
	*ret_path = kb_steal(path);
	return 0;
}

void kb_store_scratch_drop(char *path)
{
	if (path)
		kb_scratch_remove(path);
	free(path);
}

void kb_store_scratch_cleanup(char **path)
{
	kb_store_scratch_drop(*path);
}

int kb_store_partial(struct kb_store *store, const char **ret_dir, struct kb_err *err)
{
	if (store->partial_fd < 0) {
		kb_autoclose int fd = -1;
		int rc = open_folder(store->dir, "partial", &fd, err);

		if (rc < 0)
			return rc;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			return kb_err_errno(err, errno == EWOULDBLOCK ? KB_E_BUSY : KB_E_IO,
					    "another fetch fills the store %s", store->dir);
		store->partial_fd = fd;
		fd = -1;
		store->partial_dir = kb_format("%s/partial", store->dir);
	}
	*ret_dir = store->partial_dir;
	return 0;
}
