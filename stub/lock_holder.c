#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dir.h"
#include "core/mem.h"
#include "stub/lock.h"

static bool is_number(const char *name)
{
	return name[0] && strspn(name, "0123456789") == strlen(name);
}

/* Does one of the descriptors in FDS, a folder /proc/PID/fd, lead to FILE? */
static bool has_open(int proc, const char *pid, const struct stat *file)
{
	char path[64];
	kb_autodir DIR *fds = NULL;
	const char *name;
	struct stat st;

	snprintf(path, sizeof(path), "%.20s/fd", pid);
	if (kb_dir_open(proc, path, &fds, NULL) < 0)
		return false;
	while (kb_dir_next(fds, &name, NULL) > 0)
		if (fstatat(dirfd(fds), name, &st, 0) == 0 && st.st_dev == file->st_dev &&
		    st.st_ino == file->st_ino)
			return true;
	return false;
}

static void describe(int proc, const char *pid, char *out, size_t cap)
{
	char path[64], name[32] = "";
	kb_autoclose int fd = -1;

	snprintf(path, sizeof(path), "%.20s/comm", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, name, sizeof(name) - 1) > 0)
		name[strcspn(name, "\n")] = '\0';
	snprintf(out, cap, "%s (pid %.20s)", name[0] ? name : "a process", pid);
}

bool kb_lock_holder(int fd, char *out, size_t cap)
{
	kb_autodir DIR *proc = NULL;
	const char *name;
	struct stat file;
	char own[24];

	if (fstat(fd, &file) < 0 || kb_dir_open(AT_FDCWD, "/proc", &proc, NULL) < 0)
		return false;
	snprintf(own, sizeof(own), "%ld", (long)getpid());
	while (kb_dir_next(proc, &name, NULL) > 0)
		if (is_number(name) && strcmp(name, own) != 0 &&
		    has_open(dirfd(proc), name, &file)) {
			describe(dirfd(proc), name, out, cap);
			return true;
		}
	return false;
}
