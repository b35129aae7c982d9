/* Child processes of the builder: always by argv, never by a command string,
 * with an environment made for them (LC_ALL=C, TZ=UTC, a fixed PATH, umask
 * 022), in a process group of their own, stdin from /dev/null.
 *
 * A tool that is not installed is KB_E_MISSING; one that fails is
 * KB_E_DEPENDENCY, after its last lines were shown on stderr, each with the
 * tool's name in front and control bytes escaped. When this process was told
 * to stop, the whole group is told so too and the result is KB_E_INTERRUPTED.
 */
#ifndef BUILDER_RUN_H
#define BUILDER_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/mem.h"

struct kb_run {
	const char *const *argv; /* NULL at the end; argv[0] is searched in the fixed PATH */
	const char *const *env;  /* more "NAME=value", NULL at the end; may be NULL */
	bool network;            /* hand on proxy, CA and registry login settings */
	bool silent;             /* a failure shows nothing on stderr */
	const char *dir;         /* working directory; NULL = ours */
	struct kb_buf *out;      /* stdout is appended here; NULL = thrown away */
	size_t out_max;          /* more than this is KB_E_INVALID */
	const int *allowed;      /* exit statuses besides 0 that are no error, 0 at the end */
	/* called a few times a second while the child runs; may be NULL.
	 * Non-zero ends the child as a signal to us does. */
	int (*tick)(void *ctx);
	void *ctx;
};

/* RET_STATUS (may be NULL) is the exit status, 0 or an allowed one. */
int kb_run(const struct kb_run *run, int *ret_status, struct kb_err *err);

/* Is NAME there? KB_E_MISSING says how to get it. */
int kb_run_find(const char *name, char **ret_path, struct kb_err *err);

/* From now on SIGINT, SIGTERM and SIGHUP are noted instead of ending the
 * process; the second one ends it. */
void kb_run_catch_signals(void);
bool kb_run_interrupted(void);
/* KB_E_INTERRUPTED when it was, with the words for it. */
int kb_run_check(struct kb_err *err);

#endif
