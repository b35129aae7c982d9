/* What a key is known to have written: a bundle that would come out the same, in a
 * file that nobody touched since, is neither written nor digested again.
 *
 * The record of a path is kept in the store and says what the file system said of
 * the file then: device, inode, size, times of content and of inode. A touched file
 * differs in one of them. The record is signed, because whoever can write to a store
 * must not choose what a signed SHA256SUMS says.
 */
#ifndef BUILDER_WRITTEN_H
#define BUILDER_WRITTEN_H

#include "builder/secret_key.h"
#include "builder/store.h"

struct kb_written {
	struct kb_digest head;  /* of header and manifest, which say all the rest.. */
	struct kb_digest whole; /* ..and of the file */
};

/* Is PATH a regular file as BY left it? */
bool kb_written_find(struct kb_store *store, const struct kb_key *by, const char *path,
		     struct kb_written *ret_written);

/* FD is what was written to PATH, under that name by now. */
int kb_written_keep(struct kb_store *store, const struct kb_secret_key *by, const char *path,
		    int fd, const struct kb_written *written, struct kb_err *err);

/* The digest of any file; one that is as BY left it is not read for it. */
int kb_written_digest(struct kb_store *store, const struct kb_key *by, const char *path,
		      struct kb_digest *ret_digest, struct kb_err *err);

#endif
