#include "core/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"

int kb_dir_open(int dirfd, const char *name, DIR **ret_dir, struct kb_err *err)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return kb_err_errno(err, errno == ENOENT ? KB_E_MISSING : KB_E_IO, "%s", name);
	*ret_dir = fdopendir(fd);
	if (!*ret_dir) {
		rc = kb_err_errno(err, KB_E_IO, "%s", name);
		kb_cleanup_close(&fd);
		return rc;
	}
	return 0;
}

int kb_dir_next(DIR *dir, const char **ret_name, struct kb_err *err)
{
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	if (!entry)
		return errno ? kb_err_errno(err, KB_E_IO, "read a folder") : 0;
	*ret_name = entry->d_name;
	return 1;
}

void kb_dir_close(DIR **dir)
{
	if (*dir)
		closedir(*dir);
	*dir = NULL;
}
