/* What templates and scripts are told: docs/manifest.md has the table. For
 * templates it is a tree of values; for scripts a folder of plain text, so
 * that no script parses the inventory again. */
#ifndef STUB_CONTEXT_H
#define STUB_CONTEXT_H

#include "core/inventory.h"
#include "core/manifest.h"
#include "core/value.h"
#include "stub/credentials.h"

/* CREDENTIALS may be NULL: then the tree has none. */
struct kb_value *kb_context_new(const struct kb_manifest *m, const struct kb_inventory *inventory,
				const struct kb_host *self,
				const struct kb_credentials *credentials);

/* The folder /run/keybuzz/ROLE/context with `peers` and `images`; nothing is
 * rewritten that is already so. *RET_PATH is its path; the caller frees. */
int kb_context_write(int rootfd, const struct kb_manifest *m, const struct kb_inventory *inventory,
		     char **ret_path, struct kb_err *err);

#endif
