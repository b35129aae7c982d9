/* Which packages a role carries: for every release it is accepted on, the
 * locked packages of its groups, each once, and apt's index of them. */
#ifndef BUILDER_PACKAGES_CARRY_H
#define BUILDER_PACKAGES_CARRY_H

#include "builder/packages_lock.h"

struct kb_carried_release {
	const char *name;           /* the lock's */
	const struct kb_deb **debs; /* the lock's; sorted by name */
	size_t n;
	struct kb_buf index;
};

struct kb_carried {
	struct kb_carried_release *releases; /* sorted by name */
	size_t n;
};

/* Releases that are only declared and not locked are left out. */
int kb_carried_make(const struct kb_site *site, const struct kb_packages_lock *lock,
		    struct kb_store *store, const struct kb_role *role,
		    struct kb_carried *ret_carried, struct kb_err *err);
void kb_carried_free(struct kb_carried *carried);

/* Is a "RELEASE/NAME" of a step among them? */
bool kb_carried_has(const struct kb_carried *carried, const char *arg);

#endif
