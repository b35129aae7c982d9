#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "stub/lock.h"

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}
#define autoclosedir __attribute__((cleanup(close_dir)))

static bool is_number(const char *name)
{
	return name[0] && strspn(name, "0123456789") == strlen(name);
}

/* Does one of the descriptors in FDS, a folder /proc/PID/fd, lead to FILE? */
static bool has_open(int proc, const char *pid, const struct stat *file)
{
	char path[64];
	autoclosedir DIR *fds = NULL;
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%.20s/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || !(fds = fdopendir(fd))) {
		kb_cleanup_close(&fd);
		return false;
	}
	for (const struct dirent *e; (e = readdir(fds));)
		if (is_number(e->d_name) && fstatat(fd, e->d_name, &st, 0) == 0 &&
		    st.st_dev == file->st_dev && st.st_ino == file->st_ino)
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
	autoclosedir DIR *proc = opendir("/proc");
	struct stat file;
	char own[24];

	if (!proc || fstat(fd, &file) < 0)
		return false;
	snprintf(own, sizeof(own), "%ld", (long)getpid());
	for (const struct dirent *e; (e = readdir(proc));)
		if (is_number(e->d_name) && strcmp(e->d_name, own) != 0 &&
		    has_open(dirfd(proc), e->d_name, &file)) {
			describe(dirfd(proc), e->d_name, out, cap);
			return true;
		}
	return false;
}
