#include "stub/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/path.h"
#include "core/proc.h"
#include "stub/paths.h"

/* Away from the numbers that shells give to files of their own. */
enum { SHARED_FD = 100 };

/* A holder that was just killed may still be leaving a system call: a moment's
 * patience, so that the same command given again is not refused. */
static int lock_soon(int fd)
{
	enum { TRIES = 40, PAUSE_MS = 50 };
	int rc = flock(fd, LOCK_EX | LOCK_NB);

	for (int i = 1; rc < 0 && (errno == EWOULDBLOCK || errno == EINTR) && i < TRIES; i++) {
		nanosleep(&(struct timespec){0, PAUSE_MS * 1000000L}, NULL);
		rc = flock(fd, LOCK_EX | LOCK_NB);
	}
	return rc;
}

static int busy(int fd, struct kb_err *err)
{
	char holder[64] = "";

	return kb_err_set(err, KB_E_BUSY,
			  "another run of keybuzz is at work on this host%s%s; wait until it ends",
			  kb_lock_holder(fd, holder, sizeof(holder)) ? ": " : "", holder);
}

int kb_lock_take(int rootfd, int *ret_fd, struct kb_err *err)
{
	kb_autoclose int dirfd = -1, fd = -1;
	int rc = kb_path_make_dir(rootfd, KB_PATH_RUN, 0700, NULL, &dirfd, err);

	if (rc == KB_E_PATH)
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  KB_PATH_RUN " is a symbolic link or no directory; remove it");
	if (rc < 0)
		return rc;
	fd = openat(dirfd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
	if (fd < 0)
		return kb_err_errno(err, KB_E_ENVIRONMENT, KB_PATH_RUN "/lock");
	if (lock_soon(fd) < 0)
		return errno == EWOULDBLOCK ? busy(fd, err)
					    : kb_err_errno(err, KB_E_IO, KB_PATH_RUN "/lock");
	*ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, SHARED_FD);
	if (*ret_fd < 0)
		return kb_err_errno(err, KB_E_IO, KB_PATH_RUN "/lock");
	kb_proc_share(*ret_fd);
	return 0;
}

void kb_lock_drop(int *fd)
{
	if (*fd < 0)
		return;
	kb_proc_share(-1);
	kb_cleanup_close(fd);
	*fd = -1;
}
