#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "stub/step.h"

static int look(struct kb_scene *scene, const char *path, struct stat *ret_st, bool *ret_there,
		struct kb_err *err)
{
	kb_autoclose int dirfd = -1;
	struct kb_err found;
	const char *name;
	int rc = kb_path_open_parent(scene->rootfd, path, &scene->owners, &dirfd, &name, &found);

	*ret_there = false;
	if (rc == KB_E_MISSING)
		return 0;
	if (rc < 0)
		return kb_err_set(err, rc, "%s", found.text);
	if (fstatat(dirfd, name, ret_st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 0;
		return kb_err_errno(err, KB_E_IO, "%s", path);
	}
	if (!S_ISDIR(ret_st->st_mode))
		return kb_err_set(err, KB_E_PATH,
				  "%s is there and no directory; remove it or choose another place",
				  path);
	*ret_there = true;
	return 0;
}

static int inspect(struct kb_scene *scene, const struct kb_plan *plan, struct kb_plan_item *item,
		   struct kb_err *err)
{
	const struct kb_step *step = item->step;
	struct kb_step_digest d;
	struct stat st;
	bool there;
	int rc = look(scene, step->target, &st, &there, err);

	(void)plan;
	if (rc < 0)
		return rc;
	kb_step_digest_begin(&d, step);
	kb_step_digest_end(&d, &item->input);
	item->result = item->input;
	item->path = step->target;
	if (!there)
		kb_step_decide(item, KB_ACTION_ADD, "%s", step->target);
	else if ((st.st_mode & 07777) != step->mode)
		kb_step_decide(item, KB_ACTION_CHANGE, "%s: mode is %04o, not %04o", step->target,
			       st.st_mode & 07777, step->mode);
	else if (st.st_uid != step->uid || st.st_gid != step->gid)
		kb_step_decide(item, KB_ACTION_CHANGE, "%s: owner is %u:%u, not %u:%u",
			       step->target, st.st_uid, st.st_gid, step->uid, step->gid);
	else
		kb_step_decide(item, KB_ACTION_KEEP, "%s", step->target);
	return 0;
}

/* On a descriptor, so that a name changed meanwhile does not change what is
 * given away. */
static int set_owner_and_mode(int fd, const struct kb_step *step, struct kb_err *err)
{
	if (fchown(fd, step->uid, step->gid) < 0)
		return kb_err_errno(err, KB_E_IO, "owner of %s", step->target);
	if (fchmod(fd, step->mode) < 0)
		return kb_err_errno(err, KB_E_IO, "mode of %s", step->target);
	if (fsync(fd) < 0)
		return kb_err_errno(err, KB_E_IO, "sync %s", step->target);
	return 0;
}

static int apply(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	const struct kb_step *step = item->step;
	struct kb_place place = {.path = step->target};
	kb_autoclose int parent = -1, fd = -1;
	const char *name;
	int rc = kb_place_open(scene, &place, &parent, &name, err);

	if (rc < 0)
		return rc;
	/* closed to everybody until it has its owner */
	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return kb_err_errno(err, KB_E_IO, "create directory %s", step->target);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return kb_err_errno(err, errno == ENOTDIR || errno == ELOOP ? KB_E_PATH : KB_E_IO,
				    "%s", step->target);
	if ((rc = set_owner_and_mode(fd, step, err)) < 0)
		return rc;
	return fsync(parent) < 0
		       ? kb_err_errno(err, KB_E_IO, "sync the directory of %s", step->target)
		       : 0;
}

const struct kb_step_ops kb_step_directory = {.inspect = inspect, .apply = apply};
