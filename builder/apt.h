/* apt in a root of its own: nothing of this machine's apt or dpkg is read or
 * changed. Indices are fetched and their signatures checked by apt with the
 * archive's keyring, then apt itself says what an installation would
 * need. There is no way to use an index that is not signed.
 */
#ifndef BUILDER_APT_H
#define BUILDER_APT_H

#include "builder/lock_entry.h"
#include "builder/store.h"

struct kb_apt;

struct kb_apt_source {
	const char *suite, *mirror;
	const char *arch;       /* ours: "x86_64" */
	const char *keyring;    /* NULL: Debian's */
	const char *components; /* "main universe"; NULL: main */
};

/* Fetch the indices of the suite, with -updates and -security where it has
 * them. */
int kb_apt_open(struct kb_store *store, const struct kb_apt_source *source, struct kb_apt **ret_apt,
		struct kb_err *err);
void kb_apt_close(struct kb_apt *apt); /* NULL is fine */

const char *kb_apt_security(const struct kb_apt *apt); /* the mirror of it, or "" */

/* All that installing the essential packages and WORDS ("name" or
 * "name=version") on nothing would need, without recommendations. */
int kb_apt_closure(struct kb_apt *apt, char *const *words, size_t n, struct kb_debs *ret_debs,
		   struct kb_err *err);

/* Append what the indices say of exactly these, a paragraph each or more. */
int kb_apt_show(struct kb_apt *apt, const struct kb_debs *debs, struct kb_buf *out,
		struct kb_err *err);

/* Append PATH as it is written in a URL. */
void kb_apt_encode(const char *path, struct kb_buf *buf);

/* "amd64" for "x86_64". NULL = unknown. */
const char *kb_apt_arch(const char *arch);

#endif
