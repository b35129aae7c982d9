/* A file of the site's lock/ folder: there, parsed, and without a fault. */
#ifndef BUILDER_LOCK_FILE_H
#define BUILDER_LOCK_FILE_H

#include "builder/schema.h"
#include "builder/site.h"

/* What TAKE finds in the document becomes LOCK's, or a fault at its place. */
typedef void (*kb_lock_take_fn)(void *lock, const struct kb_schema *in,
				const struct kb_yaml_node *root);

/* NAME is below the site's folder. KB_E_MISSING: there is none yet. Whatever is
 * returned, LOCK stays the caller's to free. */
int kb_lock_file_read(const struct kb_site *site, const char *name, kb_lock_take_fn take,
		      void *lock, struct kb_err *err);

#endif
