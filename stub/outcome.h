/* How the last run for a role ended, for `status` and for the site's journal:
 * written whole, and only when something in it other than the time changed. */
#ifndef STUB_OUTCOME_H
#define STUB_OUTCOME_H

#include <stddef.h>

#include "core/err.h"
#include "core/manifest.h"

enum kb_outcome_state {
	KB_OUTCOME_NONE, /* never installed here */
	KB_OUTCOME_INSTALLED,
	KB_OUTCOME_PENDING, /* installed, and waiting for other hosts */
	KB_OUTCOME_FAILED,
	KB_OUTCOME_INTERRUPTED,
	KB_OUTCOME_REMOVING, /* an uninstall was begun */
	KB_OUTCOME_COUNT
};

struct kb_outcome {
	enum kb_outcome_state state;
	char *version, *channel, *host, *address, *time;
	char *manifest;    /* 64 hex digits */
	char *release_set; /* 64 hex digits */
	char *previous;    /* the release before, 16 hex digits, or "" */
	char *failure;     /* "60 step cluster-init: ..", or "" */
	uint64_t epoch, counter;
	char **pending; /* "STEP: REASON" */
	size_t n_pending;
};

const char *kb_outcome_name(enum kb_outcome_state state); /* "pending-quorum" */

/* No record is KB_OUTCOME_NONE with empty strings, and no error. DIRFD may be -1. */
int kb_outcome_read(int dirfd, struct kb_outcome *ret_outcome, struct kb_err *err);
/* TIME is set here. */
int kb_outcome_write(int dirfd, struct kb_outcome *outcome, struct kb_err *err);
/* The same, with the time it has. */
int kb_outcome_copy(int dirfd, const struct kb_outcome *outcome, struct kb_err *err);
void kb_outcome_free(struct kb_outcome *outcome);

/* A fresh one about M, remembering what stood in OLD. */
void kb_outcome_begin(struct kb_outcome *outcome, const struct kb_manifest *m,
		      const struct kb_digest *id, const struct kb_outcome *old, const char *host,
		      const char *address);
void kb_outcome_add_pending(struct kb_outcome *outcome, const char *step, const char *reason);

#define kb_autooutcome __attribute__((cleanup(kb_outcome_free)))

#endif
