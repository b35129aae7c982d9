/* One record of an undo log, in memory and as a file; see undo.h. */
#ifndef STUB_UNDO_RECORD_H
#define STUB_UNDO_RECORD_H

#include "stub/keyfile.h"
#include "stub/undo.h"

#define KB_UNDO_NAME_LEN 32

/* The name of PATH's record; the caller frees. */
char *kb_undo_name(const char *path);
void kb_undo_build(const struct kb_undo *u, struct kb_buf *out);
/* One more digest of what we put there; the oldest gives way. */
void kb_undo_add_put(struct kb_undo *u, const char *hex);
/* KB_E_STATE: says what no record says. */
int kb_undo_take(const struct kb_keyfile *kf, struct kb_undo *ret_undo, struct kb_err *err);
/* KB_E_MISSING, or KB_E_STATE when it is damaged. */
int kb_undo_read_one(int logfd, const char *name, struct kb_undo *ret_undo, struct kb_err *err);
void kb_undo_free_one(struct kb_undo *u);

#endif
