#include "builder/store_scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_DP || type == FTW_DNR)
		rmdir(path);
	else
		unlink(path);
	return 0;
}

void kb_scratch_remove(const char *path)
{
	/* a tool may have left folders without write permission for us: those
	 * are found again by the next process, and root is not stopped by them */
	nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void kb_scratch_init(struct kb_scratch *s, const char *parent)
{
	pthread_mutex_init(&s->mutex, NULL);
	s->parent = kb_strdup(parent);
	s->path = NULL;
	s->fd = -1;
	s->counter = 0;
}

void kb_scratch_end(struct kb_scratch *s)
{
	if (s->path)
		kb_scratch_remove(s->path);
	kb_cleanup_close(&s->fd);
	free(s->path);
	free(s->parent);
	pthread_mutex_destroy(&s->mutex);
}

/* The lock goes with the process, however it ends; no process id is compared,
 * so containers that share a store do not take each other for dead. */
static void remove_dead(const char *parent)
{
	DIR *d = opendir(parent);
	struct dirent *de;

	if (!d)
		return;
	while ((de = readdir(d))) {
		kb_autofree char *path = NULL;
		kb_autoclose int fd = -1;

		if (strncmp(de->d_name, "run-", 4) != 0)
			continue;
		path = kb_format("%s/%s", parent, de->d_name);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			kb_scratch_remove(path);
	}
	closedir(d);
}

static int make_own(struct kb_scratch *s, struct kb_err *err)
{
	for (;;) {
		kb_autofree char *path = kb_format("%s/run-XXXXXX", s->parent);
		kb_autoclose int fd = -1;
		struct stat st;

		if (!mkdtemp(path))
			return kb_err_errno(err, KB_E_IO, "create a folder in %s", s->parent);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			return kb_err_errno(err, KB_E_IO, "%s", path);
		/* between mkdtemp and flock another process may take it for dead */
		if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0)
			continue;
		if (fchmod(fd, 0711) < 0) /* see kb_store_scratch */
			return kb_err_errno(err, KB_E_IO, "%s", path);
		s->path = kb_steal(path);
		s->fd = fd;
		fd = -1;
		return 0;
	}
}

int kb_scratch_need(struct kb_scratch *s, struct kb_err *err)
{
	int rc = 0;

	pthread_mutex_lock(&s->mutex);
	if (!s->path) {
		remove_dead(s->parent);
		rc = make_own(s, err);
	}
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

uint64_t kb_scratch_number(struct kb_scratch *s)
{
	return __atomic_add_fetch(&s->counter, 1, __ATOMIC_RELAXED);
}
