/* Credentials files: KEY=VALUE lines, read strictly and never evaluated.
 *
 *   file  = *( "#" text LF | *blank LF | KEY "=" value LF )
 *   KEY   = [A-Z] *[A-Z0-9_]
 *   value = bare | "'" text "'" | DQUOTE text DQUOTE
 *
 * Bare text is the rest of the line, taken as it is; it does not begin or end
 * with a blank and does not begin with a quote. Quoted text has no escapes and
 * does not hold its own quote; in double quotes `\`, `$` and backquote are
 * refused, because a shell that reads the same file would change them. UTF-8
 * without control characters. An empty value, a key given twice and CRLF are
 * refused.
 *
 * Values are secrets: no message shows one, and all memory is wiped when it is
 * freed. The caller wipes the text it passed in.
 */
#ifndef CORE_ENVFILE_H
#define CORE_ENVFILE_H

#include <stddef.h>

#include "core/err.h"
#include "core/mem.h"

#define KB_ENVFILE_MAX       (64 * 1024) /* bytes */
#define KB_ENVFILE_KEY_MAX   64
#define KB_ENVFILE_VALUE_MAX 4096

struct kb_envfile;

/* The first fault is KB_E_INVALID with NAME:LINE:COLUMN. */
int kb_envfile_parse(const char *name, const char *text, size_t len, struct kb_envfile **ret_env,
		     struct kb_err *err);

/* NULL when there is no such key. Never "". */
const char *kb_envfile_get(const struct kb_envfile *env, const char *key);

/* All of them, in the order of the file. */
size_t kb_envfile_count(const struct kb_envfile *env);
const char *kb_envfile_key(const struct kb_envfile *env, size_t i);
const char *kb_envfile_value(const struct kb_envfile *env, size_t i);

/* Append the line that reads back as VALUE, which another file of this kind
 * gave: bare, or in the quotes that it allows. */
void kb_envfile_add(struct kb_buf *out, const char *key, const char *value);

void kb_envfile_free(struct kb_envfile *env);

#define kb_autoenvfile __attribute__((cleanup(kb_envfile_cleanup)))
void kb_envfile_cleanup(struct kb_envfile **env);

#endif
