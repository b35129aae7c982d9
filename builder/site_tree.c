#include "builder/site_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dir.h"
#include "core/name.h"

enum {
	TREE_DEPTH_MAX = 32,
	TREE_FILES_MAX = 20000,
	BLOCK = 4096, /* at least, is read at a time: most files are small */
};

static int open_fault(const char *path, struct kb_err *err)
{
	if (errno == ENOENT)
		return kb_err_set(err, KB_E_MISSING, "%s: there is no such file", path);
	if (errno == ELOOP)
		return kb_err_set(err, KB_E_PATH, "%s: a symbolic link; put the file itself there",
				  path);
	if (errno == ENOTDIR)
		return kb_err_set(err, KB_E_PATH,
				  "%s: a part of the path is not a folder, or is a symbolic link",
				  path);
	return kb_err_errno(err, KB_E_IO, "%s", path);
}

/* The folder that holds the last component, which *RET_LAST points to. */
static int open_parent(int dirfd, const char *path, const char **ret_last, struct kb_err *err)
{
	kb_autoclose int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	const char *at = path, *slash;
	int result;

	if (fd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	while ((slash = strchr(at, '/'))) {
		kb_autofree char *part = kb_strndup(at, (size_t)(slash - at));
		int next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (next < 0)
			return open_fault(path, err);
		close(fd);
		fd = next;
		at = slash + 1;
	}
	*ret_last = at;
	result = fd;
	fd = -1;
	return result;
}

static int open_below(int dirfd, const char *path, int flags, struct kb_err *err)
{
	const char *last = path;
	kb_autoclose int parent = -1;
	int fd, r;

	if (strcmp(path, ".") != 0) {
		r = kb_name_check_relative(path, err);
		if (r < 0)
			return r;
	}
	parent = open_parent(dirfd, path, &last, err);
	if (parent < 0)
		return parent;
	fd = openat(parent, last, flags | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return open_fault(path, err);
	return fd;
}

int kb_site_tree_open(int dirfd, const char *path, struct kb_err *err)
{
	kb_autoclose int fd = open_below(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
	struct stat st;
	int result;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	if (!S_ISREG(st.st_mode))
		return kb_err_set(err, KB_E_PATH, "%s: not a regular file", path);
	result = fd;
	fd = -1;
	return result;
}

int kb_site_tree_open_dir(int dirfd, const char *path, struct kb_err *err)
{
	return open_below(dirfd, path, O_RDONLY | O_DIRECTORY, err);
}

int kb_site_tree_read(int dirfd, const char *path, size_t max, struct kb_buf *buf,
		      struct kb_err *err)
{
	kb_autoclose int fd = kb_site_tree_open(dirfd, path, err);
	size_t start = buf->len;

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t n;

		kb_buf_reserve(buf, BLOCK);
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

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

int kb_site_tree_names(int dirfd, const char *path, char ***ret_names, size_t *ret_n,
		       struct kb_err *err)
{
	kb_autoclose int fd = kb_site_tree_open_dir(dirfd, path, err);
	kb_autodir DIR *dir = NULL;
	char **names = NULL;
	size_t n = 0, cap = 0;
	const char *name;
	int rc = fd < 0 ? fd : kb_dir_open(fd, ".", &dir, err);

	if (rc < 0)
		return rc;
	while ((rc = kb_dir_next(dir, &name, err)) > 0) {
		names = kb_grow(names, n, &cap, sizeof(*names));
		names[n++] = kb_strdup(name);
	}
	if (rc < 0) {
		free_names(names, n);
		return kb_err_wrap(err, "%s", path);
	}
	if (n)
		qsort(names, n, sizeof(*names), by_bytes);
	*ret_names = names;
	*ret_n = n;
	return 0;
}

struct walk {
	char **paths;
	size_t n, cap;
};

static int walk_folder(int dirfd, const char *path, unsigned depth, struct walk *w,
		       struct kb_err *err);

static int walk_entry(int dirfd, const char *path, unsigned depth, struct walk *w,
		      struct kb_err *err)
{
	kb_autoclose int fd = open_below(dirfd, path, O_PATH, err);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	if (S_ISDIR(st.st_mode))
		return walk_folder(dirfd, path, depth + 1, w, err);
	if (S_ISLNK(st.st_mode))
		return kb_err_set(err, KB_E_PATH, "%s: a symbolic link; put the file itself there",
				  path);
	if (!S_ISREG(st.st_mode))
		return kb_err_set(err, KB_E_PATH, "%s: not a regular file", path);
	if (w->n == TREE_FILES_MAX)
		return kb_err_set(err, KB_E_INVALID, "%s: more than %d files", path,
				  TREE_FILES_MAX);
	w->paths = kb_grow(w->paths, w->n, &w->cap, sizeof(*w->paths));
	w->paths[w->n++] = kb_strdup(path);
	return 0;
}

static int walk_folder(int dirfd, const char *path, unsigned depth, struct walk *w,
		       struct kb_err *err)
{
	char **names = NULL;
	size_t n = 0;
	int r;

	if (depth > TREE_DEPTH_MAX)
		return kb_err_set(err, KB_E_PATH, "%s: more than %d folders deep", path,
				  TREE_DEPTH_MAX);
	r = kb_site_tree_names(dirfd, path, &names, &n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n && r >= 0; i++) {
		kb_autofree char *below = kb_format("%s/%s", path, names[i]);

		r = walk_entry(dirfd, below, depth, w, err);
	}
	free_names(names, n);
	return r;
}

int kb_site_tree_walk(int dirfd, const char *path, char ***ret_paths, size_t *ret_n,
		      struct kb_err *err)
{
	struct walk w = {NULL, 0, 0};
	int r = walk_folder(dirfd, path, 0, &w, err);

	if (r < 0) {
		free_names(w.paths, w.n);
		return r;
	}
	if (w.n)
		qsort(w.paths, w.n, sizeof(*w.paths), by_bytes);
	*ret_paths = w.paths;
	*ret_n = w.n;
	return 0;
}
