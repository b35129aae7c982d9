/* Small records of state: lines "KEY VALUE", a first line that names the kind
 * and its version, a last line with the SHA-256 of all before it. Written whole
 * or not at all, and only when something in it changed; bit rot and a file of a
 * later version are KB_E_STATE, never a guess.
 */
#ifndef STUB_KEYFILE_H
#define STUB_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/mem.h"

#define KB_KEYFILE_MAX (1024 * 1024)

struct kb_keyfile;

/* Read NAME in DIRFD. KB_E_MISSING when there is none. */
int kb_keyfile_read(int dirfd, const char *name, const char *kind, struct kb_keyfile **ret_kf,
		    struct kb_err *err);
/* The same over a buffer. */
int kb_keyfile_parse(const char *text, size_t len, const char *kind, struct kb_keyfile **ret_kf,
		     struct kb_err *err);
void kb_keyfile_free(struct kb_keyfile *kf);

/* The first value of KEY, or NULL. */
const char *kb_keyfile_get(const struct kb_keyfile *kf, const char *key);
/* Every pair in order: false after the last. */
bool kb_keyfile_at(const struct kb_keyfile *kf, size_t i, const char **ret_key,
		   const char **ret_value);
/* A number that must be there; KB_E_STATE. */
int kb_keyfile_u64(const struct kb_keyfile *kf, const char *key, uint64_t *ret_value,
		   struct kb_err *err);

/* Build one: begin, add.., write. Line ends in values become spaces. */
void kb_keyfile_begin(struct kb_buf *out, const char *kind);
void kb_keyfile_add(struct kb_buf *out, const char *key, const char *fmt, ...) KB_PRINTF(3, 4);
/* Adds the last line; 0600. Unchanged content is left alone. */
int kb_keyfile_write(int dirfd, const char *name, struct kb_buf *out, struct kb_err *err);

#define kb_autokeyfile __attribute__((cleanup(kb_keyfile_cleanup)))
void kb_keyfile_cleanup(struct kb_keyfile **kf);

#endif
