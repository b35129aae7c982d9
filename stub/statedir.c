#include "stub/statedir.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/path.h"
#include "stub/paths.h"

/* Whoever put something else in the place of our state, it is the host that is
 * unsafe, not a path in a bundle. */
static int as_environment(int rc, struct kb_err *err)
{
	if (rc == KB_E_PATH && err)
		err->code = KB_E_ENVIRONMENT;
	return rc == KB_E_PATH ? KB_E_ENVIRONMENT : rc;
}

static int open_at(int rootfd, const char *path, int *ret_fd, struct kb_err *err)
{
	struct kb_err found;
	int rc = kb_path_open_dir(rootfd, path, NULL, ret_fd, &found);

	if (rc == KB_E_MISSING || rc == 0)
		return 0;
	kb_err_set(err, rc, "%s", found.text);
	return as_environment(rc, err);
}

int kb_statedir_open(int rootfd, const char *role, struct kb_statedir *ret_dir, struct kb_err *err)
{
	kb_autostatedir struct kb_statedir dir = KB_STATEDIR_INIT;
	kb_autofree char *path = kb_format(KB_PATH_STATE "/%s", role);
	int rc;

	if ((rc = open_at(rootfd, KB_PATH_STATE, &dir.base, err)) < 0 ||
	    (rc = open_at(rootfd, path, &dir.role, err)) < 0 ||
	    (rc = open_at(rootfd, KB_PATH_STATE "/" KB_NAME_ROLLBACK, &dir.rollback, err)) < 0)
		return rc;
	*ret_dir = dir;
	dir = (struct kb_statedir)KB_STATEDIR_INIT;
	return 0;
}

static int make_private(int rootfd, const char *path, int *fd, struct kb_err *err)
{
	struct stat st;
	int rc;

	if (*fd < 0 && (rc = kb_path_make_dir(rootfd, path, 0700, NULL, fd, err)) < 0)
		return as_environment(rc, err);
	if (fstat(*fd, &st) < 0 || ((st.st_mode & 07777) != 0700 && fchmod(*fd, 0700) < 0))
		return kb_err_errno(err, KB_E_IO, "mode of %s", path);
	return kb_path_sweep(*fd, err);
}

int kb_statedir_make(int rootfd, const char *role, struct kb_statedir *dir, struct kb_err *err)
{
	kb_autofree char *path = kb_format(KB_PATH_STATE "/%s", role);
	kb_autoclose int parent = -1;
	int rc;

	/* the parent is the system's, with the system's mode */
	if ((rc = kb_path_make_dir(rootfd, "/var/lib", 0755, NULL, &parent, err)) < 0 ||
	    (rc = make_private(rootfd, KB_PATH_STATE, &dir->base, err)) < 0 ||
	    (rc = make_private(rootfd, path, &dir->role, err)) < 0)
		return rc;
	return make_private(rootfd, KB_PATH_STATE "/" KB_NAME_ROLLBACK, &dir->rollback, err);
}

void kb_statedir_close(struct kb_statedir *dir)
{
	kb_cleanup_close(&dir->base);
	kb_cleanup_close(&dir->role);
	kb_cleanup_close(&dir->rollback);
	dir->base = dir->role = dir->rollback = -1;
}
