#include "stub/undo_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "stub/keyfile.h"
#include "stub/paths.h"
#include "stub/step.h"
#include "stub/units.h"

/* A log being written. */
struct note {
	struct kb_scene *scene;
	int logfd;
};

/* The bytes that stand there, durable before the record that speaks of them. */
static int save_content(const struct note *n, int fd, const char *name, struct kb_err *err)
{
	kb_autofree char *was = kb_format("%s.was", name), *block = kb_alloc(65536, 1);
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	ssize_t got;
	int rc = kb_newfile_open_at(&nf, n->logfd, was, 0600, err);

	while (rc == 0 && ((got = read(fd, block, 65536)) > 0 || (got < 0 && errno == EINTR)))
		if (got > 0)
			rc = kb_write_full(nf.fd, block, (size_t)got, err);
	if (rc == 0 && got < 0)
		rc = kb_err_errno(err, KB_E_IO, "keep what stands there");
	return rc < 0 ? rc : kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err);
}

static int look(const struct note *n, const char *name, struct kb_undo *u, struct kb_err *err)
{
	kb_autoclose int dirfd = -1, fd = -1;
	struct kb_err found;
	const char *last;
	struct stat st;
	int rc = kb_path_open_parent(n->scene->rootfd, u->path, &n->scene->owners, &dirfd, &last,
				     &found);

	if (rc == KB_E_MISSING)
		return 0;
	if (rc < 0)
		return kb_err_set(err, rc, "%s", found.text);
	if (fstatat(dirfd, last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : kb_err_errno(err, KB_E_IO, "%s", u->path);
	u->was = S_ISDIR(st.st_mode) ? KB_UNDO_DIRECTORY : KB_UNDO_FILE;
	u->mode = st.st_mode & 07777;
	u->uid = st.st_uid;
	u->gid = st.st_gid;
	if (u->was == KB_UNDO_DIRECTORY)
		return 0;
	if ((rc = kb_path_open_file(dirfd, last, &fd, &st, err)) < 0)
		return rc;
	return save_content(n, fd, name, err);
}

static int look_at_unit(const struct note *n, struct kb_undo *u, struct kb_err *err)
{
	struct kb_unit_state state;
	int rc;

	if (!u->unit || !n->scene->systemd || u->was == KB_UNDO_ABSENT)
		return 0;
	if ((rc = kb_unit_show(u->unit, &state, err)) < 0)
		return rc;
	u->enabled = state.enabled;
	u->active = kb_unit_is_up(&state);
	return 0;
}

/* Remember PUT's path, or that what it puts there is ours as well. */
static int note_path(const struct note *n, const struct kb_undo *put, const char *content,
		     struct kb_err *err)
{
	kb_autofree char *name = kb_undo_name(put->path);
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_undo u = {.path = NULL};
	struct kb_err found;
	int rc = kb_undo_read_one(n->logfd, name, &u, &found);

	if (rc == KB_E_MISSING) {
		u = *put;
		u.path = kb_strdup(put->path);
		u.unit = put->unit ? kb_strdup(put->unit) : NULL;
		if ((rc = look(n, name, &u, err)) == 0)
			rc = look_at_unit(n, &u, err);
	} else if (rc < 0) {
		kb_err_set(err, rc, "%s", found.text);
	}
	if (rc == 0) {
		u.put_mode = put->put_mode;
		u.put_uid = put->put_uid;
		u.put_gid = put->put_gid;
		if (content)
			kb_undo_add_put(&u, content);
		kb_undo_build(&u, &out);
		rc = kb_keyfile_write(n->logfd, name, &out, err);
	}
	kb_undo_free_one(&u);
	return rc;
}

/* Folders that will be made on the way. */
static int note_parents(const struct note *n, const char *path, struct kb_err *err)
{
	kb_autofree char *work = kb_strdup(path);
	int rc = 0;

	for (char *slash = strchr(work + 1, '/'); rc == 0 && slash;
	     slash = strchr(slash + 1, '/')) {
		kb_autoclose int fd = -1;
		struct kb_undo put = {.path = work, .put_mode = 0755};
		struct kb_err found;

		*slash = '\0';
		rc = kb_path_open_dir(n->scene->rootfd, work, &n->scene->owners, &fd, &found);
		if (rc == KB_E_MISSING)
			rc = note_path(n, &put, NULL, err);
		else if (rc < 0)
			kb_err_set(err, rc, "%s", found.text);
		*slash = '/';
	}
	return rc;
}

const char *kb_undo_content(const struct kb_scene *scene, const struct kb_plan_item *item)
{
	struct kb_digest digest;

	if (item->step->kind == KB_STEP_DIRECTORY)
		return NULL;
	if (item->step->kind == KB_STEP_FILE)
		return kb_digest_hex(
			&scene->m->blobs[kb_manifest_file(scene->m, item->step->source)->blob]
				 .digest);
	kb_digest_of(item->content.data, item->content.len, &digest);
	return kb_digest_hex(&digest);
}

static int open_log(struct kb_scene *scene, const char *name, int *ret_fd, struct kb_err *err)
{
	int rc = kb_path_make_at(scene->state.role, name, 0700, NULL, ret_fd, NULL, err);

	return rc < 0 ? rc : kb_path_sweep(*ret_fd, err);
}

int kb_undo_note(struct kb_scene *scene, const char *name, const struct kb_plan_item *item,
		 struct kb_err *err)
{
	const struct kb_step *step = item->step;
	bool unit = step->kind == KB_STEP_UNIT;
	kb_autofree char *path =
		unit ? kb_format(KB_PATH_UNITS "/%s", step->target) : kb_strdup(step->target);
	struct kb_undo put = {.path = path,
			      .unit = unit ? step->target : NULL,
			      .keep = step->flags & KB_STEP_KEEP,
			      .put_mode = unit ? 0644 : step->mode,
			      .put_uid = step->uid,
			      .put_gid = step->gid};
	struct note n = {.scene = scene};
	kb_autoclose int fd = -1;
	int rc;

	if (step->kind != KB_STEP_DIRECTORY && step->kind != KB_STEP_FILE &&
	    step->kind != KB_STEP_TEMPLATE && !unit)
		return 0;
	if ((rc = open_log(scene, name, &fd, err)) < 0)
		return kb_err_wrap(err, "undo log");
	n.logfd = fd;
	if ((rc = note_parents(&n, path, err)) < 0 ||
	    (rc = note_path(&n, &put, kb_undo_content(scene, item), err)) < 0)
		return kb_err_wrap(err, "undo log");
	return 0;
}

int kb_undo_note_dropped(struct kb_scene *scene, const char *name, const struct kb_undo *u,
			 struct kb_err *err)
{
	const struct kb_undo put = {.path = u->path, .unit = u->unit};
	struct note n = {.scene = scene};
	kb_autoclose int fd = -1;
	int rc = open_log(scene, name, &fd, err);

	n.logfd = fd;
	if (rc == 0)
		rc = note_path(&n, &put, NULL, err);
	return rc < 0 ? kb_err_wrap(err, "undo log") : 0;
}
