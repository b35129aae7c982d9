#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/path.h"

enum { NAME_SIZE = 256 }; /* a component of the kernel's, and its NUL */

static bool is_leftover(const char *name)
{
	return name[0] == '.' && strspn(name + 1, "0123456789abcdef") == 16 &&
	       strcmp(name + 17, ".part") == 0;
}

static DIR *open_stream(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

int kb_path_sweep(int dirfd, struct kb_err *err)
{
	DIR *dir = open_stream(dirfd, ".");
	struct dirent *entry;

	if (!dir)
		return kb_err_errno(err, KB_E_IO, "look for leftovers");
	while ((entry = readdir(dir))) {
		struct stat st;

		if (!is_leftover(entry->d_name) ||
		    fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		unlinkat(dirfd, entry->d_name, 0);
	}
	closedir(dir);
	return 0;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* Remove the files of a folder. *RET_CHILD is a folder in it, or "". */
static int empty_folder(DIR *dir, dev_t device, char ret_child[NAME_SIZE], struct kb_err *err)
{
	struct dirent *entry;

	ret_child[0] = '\0';
	rewinddir(dir);
	while (errno = 0, (entry = readdir(dir))) {
		struct stat st;

		if (is_dots(entry->d_name))
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return kb_err_errno(err, KB_E_IO, "remove %s", entry->d_name);
		if (st.st_dev != device)
			return kb_err_set(err, KB_E_PATH, "%s is another file system; unmount it",
					  entry->d_name);
		if (S_ISDIR(st.st_mode))
			snprintf(ret_child, NAME_SIZE, "%s", entry->d_name);
		else if (unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			return kb_err_errno(err, KB_E_IO, "remove %s", entry->d_name);
	}
	return errno ? kb_err_errno(err, KB_E_IO, "read a directory to remove") : 0;
}

/* Go down the first folder found until one is empty, remove it, begin again
 * at the top: slow for what is deep, but it needs neither recursion nor more
 * than two descriptors, and what we remove is shallow. */
static int remove_one_leaf(int dirfd_, const char *name, dev_t device, bool *ret_done,
			   struct kb_err *err)
{
	char child[NAME_SIZE], current[NAME_SIZE];
	DIR *dir = open_stream(dirfd_, name);
	kb_autoclose int parent = fcntl(dirfd_, F_DUPFD_CLOEXEC, 3);
	int rc = 0;

	snprintf(current, sizeof(current), "%s", name);
	*ret_done = true;
	while (dir && (rc = empty_folder(dir, device, child, err)) == 0 && *child) {
		DIR *next = open_stream(dirfd(dir), child);

		*ret_done = false;
		close(parent);
		parent = fcntl(dirfd(dir), F_DUPFD_CLOEXEC, 3);
		closedir(dir);
		dir = next;
		memcpy(current, child, sizeof(current));
	}
	if (!dir || parent < 0)
		rc = kb_err_errno(err, KB_E_IO, "remove %s", current);
	if (dir)
		closedir(dir);
	if (rc == 0 && unlinkat(parent, current, AT_REMOVEDIR) < 0)
		rc = kb_err_errno(err, KB_E_IO, "remove %s", current);
	return rc;
}

int kb_path_remove_tree(int dirfd_, const char *name, struct kb_err *err)
{
	struct stat st;
	bool done = false;
	int rc = 0;

	if (strlen(name) >= NAME_SIZE)
		return kb_err_set(err, KB_E_PATH, "%s: name too long", name);
	if (fstatat(dirfd_, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 0;
		return kb_err_errno(err, KB_E_IO, "%s", name);
	}
	if (!S_ISDIR(st.st_mode)) {
		if (unlinkat(dirfd_, name, 0) < 0)
			return kb_err_errno(err, KB_E_IO, "remove %s", name);
		return 0;
	}
	while (rc == 0 && !done)
		rc = remove_one_leaf(dirfd_, name, st.st_dev, &done, err);
	if (rc == 0 && fsync(dirfd_) < 0)
		rc = kb_err_errno(err, KB_E_IO, "sync after removing %s", name);
	return rc;
}
