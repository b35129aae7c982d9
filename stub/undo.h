/* What stood where this role put something, kept so that it can be put back:
 * the undo log that `uninstall` is computed from, and, while an upgrade is under
 * way, a second one from which the release before is restored when it fails.
 *
 * A log is a folder of records, one for each path, named by the digest of the
 * path; beside it, NAME.was, the bytes of a file that was replaced. The first
 * record of a path stays: it tells what was there before the first change. It
 * is durable before the change is made, so whatever a cut leaves behind, what
 * was there is either still there or known. Later changes only add the digest
 * of what they put there; a file that is none of these was changed by somebody
 * else and is not ours to remove.
 */
#ifndef STUB_UNDO_H
#define STUB_UNDO_H

#include "stub/plan.h"

#define KB_NAME_UNDO    "undo"    /* since the first install; in the role's state */
#define KB_NAME_UPGRADE "upgrade" /* since this upgrade began */

enum kb_undo_kind { KB_UNDO_ABSENT, KB_UNDO_FILE, KB_UNDO_DIRECTORY };
#define KB_UNDO_PUTS 8

struct kb_undo {
	char *path;
	char *unit; /* its name when it is a service's text, else NULL */
	enum kb_undo_kind was;
	uint32_t mode, uid, gid;                 /* of what was there */
	bool keep;                               /* what we put there is the service's own by now */
	bool enabled, active;                    /* of a unit, before */
	uint32_t put_mode, put_uid, put_gid;     /* what we gave it */
	char puts[KB_UNDO_PUTS][KB_HEX_LEN + 1]; /* what we put there, newest last */
	size_t n_puts;
};

struct kb_undo_log {
	struct kb_undo *at; /* sorted by path: a folder before what is in it */
	size_t n;
	uid_t *uids; /* owners we gave to folders on the way */
	struct kb_owners owners;
};

/* Before ITEM acts: remember what it will change, in the log NAME below the
 * role's state. */
int kb_undo_note(struct kb_scene *scene, const char *name, const struct kb_plan_item *item,
		 struct kb_err *err);

/* Before what U says is taken away: remember it in the log NAME. */
int kb_undo_note_dropped(struct kb_scene *scene, const char *name, const struct kb_undo *u,
			 struct kb_err *err);

/* What ITEM puts in its place, in hex; NULL for a folder. Static text, as
 * kb_digest_hex gives it. */
const char *kb_undo_content(const struct kb_scene *scene, const struct kb_plan_item *item);

/* The log's folder below the role's state STATEFD; -1 with errno. */
int kb_undo_open(int statefd, const char *name);
/* STATEFD is the role's state folder. No log is an empty one. */
int kb_undo_read(int statefd, const char *name, struct kb_undo_log *ret_log, struct kb_err *err);
void kb_undo_free(struct kb_undo_log *log);

/* What becomes of one path. */
enum kb_undo_action {
	KB_UNDO_NOTHING, /* it is as it was */
	KB_UNDO_REMOVE,
	KB_UNDO_RESTORE,
	KB_UNDO_KEEP,  /* data: a file the service owns, a folder with something in it */
	KB_UNDO_ASIDE, /* somebody changed it: goes to PATH.kept, then as above */
};
const char *kb_undo_action_name(enum kb_undo_action action); /* "remove" */

/* A folder that was there and is not any more is there again. */
int kb_undo_remake(int rootfd, const struct kb_undo_log *log, const struct kb_undo *u,
		   struct kb_err *err);

/* Look, and change nothing. A folder is judged by what is in it now. LOGFD is
 * the log's folder. */
int kb_undo_judge(int rootfd, int logfd, const struct kb_undo_log *log, const struct kb_undo *u,
		  enum kb_undo_action *ret_action, struct kb_err *err);
/* Put it back; durable when it returns 0. May be repeated. */
int kb_undo_apply(int rootfd, int logfd, const struct kb_undo_log *log, const struct kb_undo *u,
		  enum kb_undo_action *ret_action, struct kb_err *err);

/* In words. */
const char *kb_undo_why(const struct kb_undo *u, enum kb_undo_action action);

/* All of it. With STOP_FIRST services that were not there are stopped before
 * their files go, else only what changed is started again. TOLD (may be NULL) is
 * called for each path that is not left alone. */
typedef void (*kb_undo_told)(void *ctx, enum kb_undo_action action, const char *path,
			     const char *why);
int kb_undo_back(struct kb_report *report, int rootfd, int logfd, const struct kb_undo_log *log,
		 bool stop_first, kb_undo_told told, void *ctx, struct kb_err *err);
/* The same of the log NAME. */
int kb_undo_all(struct kb_report *report, int rootfd, int statefd, const char *name,
		bool stop_first, kb_undo_told told, void *ctx, struct kb_err *err);

/* The log is not needed any more: it is gone at once, then its files. */
int kb_undo_forget(int statefd, const char *name, struct kb_err *err);

#endif
