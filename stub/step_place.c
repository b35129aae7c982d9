#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "stub/step.h"

/* The file that stands there now: *RET_FD is -1 when there is none, also when
 * its folder is missing. */
static int open_present(struct kb_scene *scene, const char *path, int *ret_fd, struct stat *ret_st,
			struct kb_err *err)
{
	kb_autoclose int dirfd = -1;
	struct kb_err found;
	const char *name;
	int rc;

	*ret_fd = -1;
	rc = kb_path_open_parent(scene->rootfd, path, &scene->owners, &dirfd, &name, &found);
	if (rc == 0)
		rc = kb_path_open_file(dirfd, name, ret_fd, ret_st, &found);
	if (rc == KB_E_MISSING || rc == 0)
		return 0;
	if (rc == KB_E_PATH && dirfd >= 0)
		return kb_err_set(err, rc,
				  "%s is there and not a regular file; remove it or choose another "
				  "place",
				  path);
	return kb_err_set(err, rc, "%s", found.text);
}

static bool content_differs(int fd, const struct stat *st, const struct kb_digest *digest,
			    uint64_t size)
{
	struct kb_digest real;

	/* unreadable is as good as different: it will be written anew */
	return (uint64_t)st->st_size != size || kb_digest_of_fd(fd, &real, NULL, NULL) < 0 ||
	       !kb_digest_eq(&real, digest);
}

int kb_place_compare(struct kb_scene *scene, const struct kb_place *place,
		     const struct kb_digest *digest, uint64_t size, bool keep,
		     struct kb_plan_item *item, struct kb_err *err)
{
	kb_autoclose int fd = -1;
	struct stat st;
	int rc = open_present(scene, place->path, &fd, &st, err);

	if (rc < 0)
		return rc;
	item->path = place->path;
	if (fd < 0) {
		item->bytes = size;
		kb_step_decide(item, KB_ACTION_ADD, "%s", place->path);
	} else if (keep) {
		kb_step_decide(item, KB_ACTION_KEEP, "%s", place->path);
	} else if (content_differs(fd, &st, digest, size)) {
		item->bytes = size;
		kb_step_decide(item, KB_ACTION_CHANGE, "%s: content differs", place->path);
	} else if ((st.st_mode & 07777) != place->mode) {
		kb_step_decide(item, KB_ACTION_CHANGE, "%s: mode is %04o, not %04o", place->path,
			       st.st_mode & 07777, place->mode);
	} else if (st.st_uid != place->uid || st.st_gid != place->gid) {
		kb_step_decide(item, KB_ACTION_CHANGE, "%s: owner is %u:%u, not %u:%u", place->path,
			       st.st_uid, st.st_gid, place->uid, place->gid);
	} else {
		kb_step_decide(item, KB_ACTION_KEEP, "%s", place->path);
	}
	return 0;
}

int kb_place_open(struct kb_scene *scene, const struct kb_place *place, int *ret_dirfd,
		  const char **ret_name, struct kb_err *err)
{
	const char *name = strrchr(place->path, '/') + 1;
	size_t len = name - place->path == 1 ? 1 : (size_t)(name - place->path) - 1;
	kb_autofree char *dir = kb_strndup(place->path, len);
	kb_autoclose int dirfd = -1;
	int rc = kb_path_make_dir(scene->rootfd, dir, 0755, &scene->owners, &dirfd, err);

	if (rc == 0)
		rc = kb_path_sweep(dirfd, err);
	if (rc < 0)
		return rc;
	*ret_name = name;
	*ret_dirfd = dirfd;
	dirfd = -1;
	return 0;
}

int kb_place_write(struct kb_scene *scene, const struct kb_place *place, const void *bytes,
		   size_t len, struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	kb_autoclose int dirfd = -1;
	const char *name;
	int rc;

	if ((rc = kb_place_open(scene, place, &dirfd, &name, err)) < 0 ||
	    (rc = kb_newfile_open_at(&nf, dirfd, name, place->mode, err)) < 0 ||
	    (rc = kb_write_full(nf.fd, bytes, len, err)) < 0)
		return rc;
	return kb_newfile_commit(&nf, place->uid, place->gid, err);
}
