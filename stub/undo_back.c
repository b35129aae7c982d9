#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dir.h"
#include "core/file.h"
#include "stub/undo_record.h"

const char *kb_undo_action_name(enum kb_undo_action action)
{
	static const char *const names[] = {"nothing", "remove", "restore", "keep", "set-aside"};

	return names[action];
}

/* What stands at a path now. */
struct now {
	int dirfd;
	const char *name;
	bool there;
	struct stat st;
};

static int look(int rootfd, const struct kb_undo_log *log, const char *path, struct now *now,
		struct kb_err *err)
{
	struct kb_err found;
	int rc = kb_path_open_parent(rootfd, path, &log->owners, &now->dirfd, &now->name, &found);

	now->there = false;
	if (rc == KB_E_MISSING)
		return 0;
	if (rc < 0)
		return kb_err_set(err, rc, "%s", found.text);
	if (fstatat(now->dirfd, now->name, &now->st, AT_SYMLINK_NOFOLLOW) == 0)
		now->there = true;
	else if (errno != ENOENT)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	return 0;
}

/* 1 or 0. */
static int is_empty(const struct now *now, struct kb_err *err)
{
	kb_autodir DIR *dir = NULL;
	const char *name;
	int rc = kb_dir_open(now->dirfd, now->name, &dir, err);

	if (rc == 0)
		rc = kb_dir_next(dir, &name, err);
	return rc < 0 ? rc : !rc;
}

static int judge_folder(const struct kb_undo *u, const struct now *now,
			enum kb_undo_action *ret_action, struct kb_err *err)
{
	bool ours = (now->st.st_mode & 07777) == u->put_mode && now->st.st_uid == u->put_uid &&
		    now->st.st_gid == u->put_gid;
	bool same = (now->st.st_mode & 07777) == u->mode && now->st.st_uid == u->uid &&
		    now->st.st_gid == u->gid;
	int rc = 0;

	if (u->was != KB_UNDO_ABSENT)
		*ret_action = same || !ours ? KB_UNDO_NOTHING : KB_UNDO_RESTORE;
	else if ((rc = is_empty(now, err)) >= 0)
		*ret_action = rc ? KB_UNDO_REMOVE : KB_UNDO_KEEP;
	return rc < 0 ? rc : 0;
}

static int digest_at(int dirfd, const char *name, struct kb_digest *ret_digest, struct kb_err *err)
{
	kb_autoclose int fd = -1;
	struct stat st;
	int rc = kb_path_open_file(dirfd, name, &fd, &st, err);

	return rc < 0 ? rc : kb_digest_of_fd(fd, ret_digest, NULL, err);
}

static bool was_put(const struct kb_undo *u, const char *hex)
{
	for (size_t i = 0; i < u->n_puts; i++)
		if (strcmp(u->puts[i], hex) == 0)
			return true;
	return false;
}

/* The bytes that were there before, by digest. */
static bool is_original(int logfd, const struct kb_undo *u, const struct kb_digest *digest)
{
	kb_autofree char *name = kb_undo_name(u->path), *was = kb_format("%s.was", name);
	struct kb_digest before;

	return u->was == KB_UNDO_FILE && digest_at(logfd, was, &before, NULL) == 0 &&
	       kb_digest_eq(&before, digest);
}

static int judge_file(int logfd, const struct kb_undo *u, const struct now *now,
		      enum kb_undo_action *ret_action, struct kb_err *err)
{
	const struct stat *st = &now->st;
	struct kb_digest digest;
	int rc;

	*ret_action = KB_UNDO_ASIDE;
	if (!S_ISREG(st->st_mode))
		return 0;
	if ((rc = digest_at(now->dirfd, now->name, &digest, err)) < 0)
		return rc;
	if (is_original(logfd, u, &digest) && (st->st_mode & 07777) == u->mode &&
	    st->st_uid == u->uid && st->st_gid == u->gid)
		*ret_action = KB_UNDO_NOTHING;
	else if (is_original(logfd, u, &digest) || was_put(u, kb_digest_hex(&digest)))
		*ret_action = u->was == KB_UNDO_FILE ? KB_UNDO_RESTORE : KB_UNDO_REMOVE;
	return 0;
}

static int judge(int logfd, const struct kb_undo *u, const struct now *now,
		 enum kb_undo_action *ret_action, struct kb_err *err)
{
	*ret_action = KB_UNDO_NOTHING;
	if (!now->there && u->was == KB_UNDO_FILE)
		*ret_action = KB_UNDO_RESTORE;
	else if (now->there && u->keep)
		*ret_action = KB_UNDO_KEEP;
	else if (now->there && S_ISDIR(now->st.st_mode) && u->was != KB_UNDO_FILE)
		return judge_folder(u, now, ret_action, err);
	else if (now->there)
		return judge_file(logfd, u, now, ret_action, err);
	return 0;
}

int kb_undo_judge(int rootfd, int logfd, const struct kb_undo_log *log, const struct kb_undo *u,
		  enum kb_undo_action *ret_action, struct kb_err *err)
{
	struct now now = {.dirfd = -1};
	int rc = look(rootfd, log, u->path, &now, err);

	if (rc == 0)
		rc = judge(logfd, u, &now, ret_action, err);
	kb_cleanup_close(&now.dirfd);
	return rc;
}

static int restore_folder(const struct kb_undo *u, const struct now *now, struct kb_err *err)
{
	kb_autoclose int fd =
		openat(now->dirfd, now->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fchown(fd, u->uid, u->gid) < 0 || fchmod(fd, (mode_t)u->mode) < 0 ||
	    fsync(fd) < 0)
		return kb_err_errno(err, KB_E_IO, "restore %s", u->path);
	return 0;
}

int kb_undo_remake(int rootfd, const struct kb_undo_log *log, const struct kb_undo *u,
		   struct kb_err *err)
{
	struct now now = {.dirfd = -1};
	int rc = u->was == KB_UNDO_DIRECTORY ? look(rootfd, log, u->path, &now, err) : 0;

	if (rc == 0 && now.dirfd >= 0 && !now.there) {
		if (mkdirat(now.dirfd, now.name, 0700) < 0 || fsync(now.dirfd) < 0)
			rc = kb_err_errno(err, KB_E_IO, "make %s again", u->path);
		else
			rc = restore_folder(u, &now, err);
	}
	kb_cleanup_close(&now.dirfd);
	return rc;
}

static int restore_file(int rootfd, int logfd, const struct kb_undo_log *log,
			const struct kb_undo *u, struct kb_err *err)
{
	kb_autofree char *name = kb_undo_name(u->path), *was = kb_format("%s.was", name);
	kb_autofree char *dir = kb_strndup(u->path, (size_t)(strrchr(u->path, '/') - u->path));
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	kb_autofree char *block = kb_alloc(65536, 1);
	kb_autoclose int from = -1, dirfd = -1;
	struct stat st;
	ssize_t got = 0;
	int rc;

	if ((rc = kb_path_open_file(logfd, was, &from, &st, err)) < 0)
		return kb_err_wrap(err, "what stood at %s", u->path);
	if ((rc = kb_path_make_dir(rootfd, *dir ? dir : "/", 0755, &log->owners, &dirfd, err)) <
		    0 ||
	    (rc = kb_path_sweep(dirfd, err)) < 0 ||
	    (rc = kb_newfile_open_at(&nf, dirfd, strrchr(u->path, '/') + 1, (mode_t)u->mode, err)) <
		    0)
		return rc;
	while (rc == 0 && ((got = read(from, block, 65536)) > 0 || (got < 0 && errno == EINTR)))
		if (got > 0)
			rc = kb_write_full(nf.fd, block, (size_t)got, err);
	if (rc == 0 && got < 0)
		rc = kb_err_errno(err, KB_E_IO, "read what stood at %s", u->path);
	return rc < 0 ? rc : kb_newfile_commit(&nf, u->uid, u->gid, err);
}

static int remove_it(const struct kb_undo *u, const struct now *now, struct kb_err *err)
{
	if (unlinkat(now->dirfd, now->name, S_ISDIR(now->st.st_mode) ? AT_REMOVEDIR : 0) < 0 &&
	    errno != ENOENT)
		return kb_err_errno(err, KB_E_IO, "remove %s", u->path);
	return fsync(now->dirfd) < 0
		       ? kb_err_errno(err, KB_E_IO, "sync the directory of %s", u->path)
		       : 0;
}

/* Never over something that was set aside before. */
static int set_aside(const struct kb_undo *u, const struct now *now, struct kb_err *err)
{
	kb_autofree char *kept = kb_format("%s.kept", now->name);

	if (renameat2(now->dirfd, now->name, now->dirfd, kept, RENAME_NOREPLACE) < 0)
		return kb_err_errno(err, errno == EEXIST ? KB_E_PATH : KB_E_IO,
				    "%s was changed by somebody; set it aside as %s", u->path,
				    kept);
	return fsync(now->dirfd) < 0
		       ? kb_err_errno(err, KB_E_IO, "sync the directory of %s", u->path)
		       : 0;
}

static int act(int rootfd, int logfd, const struct kb_undo_log *log, const struct kb_undo *u,
	       const struct now *now, enum kb_undo_action action, struct kb_err *err)
{
	int rc = 0;

	if (action == KB_UNDO_ASIDE && (rc = set_aside(u, now, err)) < 0)
		return rc;
	if (action == KB_UNDO_REMOVE)
		return remove_it(u, now, err);
	if (action == KB_UNDO_RESTORE && u->was == KB_UNDO_DIRECTORY)
		return restore_folder(u, now, err);
	if (u->was == KB_UNDO_FILE && (action == KB_UNDO_RESTORE || action == KB_UNDO_ASIDE))
		return restore_file(rootfd, logfd, log, u, err);
	return 0;
}

int kb_undo_apply(int rootfd, int logfd, const struct kb_undo_log *log, const struct kb_undo *u,
		  enum kb_undo_action *ret_action, struct kb_err *err)
{
	enum kb_undo_action action;
	struct now now = {.dirfd = -1};
	int rc = look(rootfd, log, u->path, &now, err);

	if (rc == 0)
		rc = judge(logfd, u, &now, &action, err);
	if (rc == 0)
		rc = act(rootfd, logfd, log, u, &now, action, err);
	kb_cleanup_close(&now.dirfd);
	if (rc == 0)
		*ret_action = action;
	return rc;
}

/* Renamed first: what is half removed must not be taken for a log. */
int kb_undo_forget(int statefd, const char *name, struct kb_err *err)
{
	kb_autofree char *gone = kb_format("%s.gone", name);
	int rc = kb_path_remove_tree(statefd, gone, err);

	if (rc < 0)
		return rc;
	if (renameat(statefd, name, statefd, gone) < 0)
		return errno == ENOENT ? 0 : kb_err_errno(err, KB_E_IO, "forget the %s log", name);
	if (fsync(statefd) < 0)
		return kb_err_errno(err, KB_E_IO, "sync state");
	return kb_path_remove_tree(statefd, gone, err);
}
