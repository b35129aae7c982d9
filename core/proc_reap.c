#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/proc_private.h"

/* The parent of process NAME, from the fourth field of its stat line. The
 * second is the command's name in parentheses and may hold any byte, so count
 * from the last parenthesis. */
static pid_t parent_of(int proc, const char *name)
{
	char path[64], text[512], *p;
	kb_autoclose int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%.20s/stat", name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	p = strrchr(text, ')');
	if (!p || strlen(p) < 5)
		return -1;
	return (pid_t)strtol(p + 4, NULL, 10);
}

/* Kill every child of ours: those whose parents died were handed to us. */
static void kill_children(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		pid_t pid;

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    parent_of(dirfd(dir), entry->d_name) != getpid())
			continue;
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid > 1)
			kill(pid, SIGKILL);
	}
	if (dir)
		closedir(dir);
}

/* Collect what is dead; false when no child is left. */
static bool collect(void)
{
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid == 0)
			return true;
		if (pid < 0 && errno != EINTR)
			return false;
	}
}

int kb_proc_reap(struct kb_err *err)
{
	uint64_t deadline = kb_monotonic_ms() + KB_PROC_REAP_MAX * 1000u;
	struct timespec pause = {0, 2000000};

	while (collect()) {
		if (kb_monotonic_ms() > deadline)
			return kb_err_set(err, KB_E_DEPENDENCY,
					  "processes it left behind do not end, also not by KILL");
		kill_children();
		nanosleep(&pause, NULL);
	}
	return 0;
}
