/* The folders under /var/lib/keybuzz, each checked on its way and readable by
 * root alone. What is absent is -1: nothing is made before somebody is about to
 * change the host. */
#ifndef STUB_STATEDIR_H
#define STUB_STATEDIR_H

#include "core/err.h"

struct kb_statedir {
	int base;     /* /var/lib/keybuzz */
	int role;     /* /var/lib/keybuzz/ROLE */
	int rollback; /* /var/lib/keybuzz/rollback */
};
#define KB_STATEDIR_INIT   \
	{                  \
		-1, -1, -1 \
	}

/* Open what is there. A symbolic link, a foreign owner or a mode that lets
 * others write is KB_E_ENVIRONMENT. */
int kb_statedir_open(int rootfd, const char *role, struct kb_statedir *ret_dir, struct kb_err *err);
/* Make what is missing, and clear what an interrupted run left behind. */
int kb_statedir_make(int rootfd, const char *role, struct kb_statedir *dir, struct kb_err *err);
void kb_statedir_close(struct kb_statedir *dir);

#define kb_autostatedir __attribute__((cleanup(kb_statedir_close)))

#endif
