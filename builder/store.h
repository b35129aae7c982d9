/* The store: every byte that enters a bundle, by content, in a folder.
 *
 *   store/sha256/ab/cdef..      plain blobs, named by their digest
 *   store/derived/KEY           what a locked source became: an image as text,
 *                               see image.h; what a bundle was when it was
 *                               written, see written.h
 *   store/frames/L-V/ab/cdef..  compressed frames of a blob (level L, zstd V)
 *   store/partial/cdef..        downloads that were cut off, to be continued
 *   store/tmp/..                one folder per running process
 *
 * Only complete, synced, checked files have their final name, so that a fetch
 * cut off at any moment is continued by the same command. Several processes
 * and threads may use one store: what they make has exclusive names in tmp/
 * and appears by rename. What a killed process left in tmp/ is removed by the
 * next one, which tells by the lock that a living process holds.
 */
#ifndef BUILDER_STORE_H
#define BUILDER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/digest.h"
#include "core/err.h"
#include "core/mem.h"

struct kb_store;

/* Create the folders when missing. */
int kb_store_open(const char *dir, struct kb_store **ret_store, struct kb_err *err);
void kb_store_close(struct kb_store *store); /* NULL is fine */
const char *kb_store_dir(const struct kb_store *store);

#define kb_autostore __attribute__((cleanup(kb_store_cleanup)))
void kb_store_cleanup(struct kb_store **store);

bool kb_store_has(struct kb_store *store, const struct kb_digest *digest, uint64_t *ret_size);

/* Open a blob for reading; KB_E_MISSING says which verb fetches it. The bytes
 * are not digested again: kb_store_check does that. */
int kb_store_read(struct kb_store *store, const struct kb_digest *digest, int *ret_fd,
		  uint64_t *ret_size, struct kb_err *err);

/* A blob being written: digest is computed on the way; it is stored under it
 * on commit, unless WANTED is given and differs (KB_E_DAMAGED, nothing
 * stored). Commit and abort free the writer, whatever they return. */
struct kb_store_writer;
int kb_store_begin(struct kb_store *store, struct kb_store_writer **ret_w, struct kb_err *err);
int kb_store_add(struct kb_store_writer *w, const void *data, size_t len, struct kb_err *err);
int kb_store_commit(struct kb_store_writer *w, const struct kb_digest *wanted,
		    struct kb_digest *ret_digest, uint64_t *ret_size, struct kb_err *err);
void kb_store_abort(struct kb_store_writer *w); /* also frees; NULL is fine */

#define kb_autowriter __attribute__((cleanup(kb_store_writer_cleanup)))
void kb_store_writer_cleanup(struct kb_store_writer **w);

/* Move a finished file of the same file system (from scratch or partial) into
 * the store. When its digest or size is not the wanted one, KB_E_DAMAGED is
 * returned and the file stays where it is. */
int kb_store_adopt(struct kb_store *store, const char *path, const struct kb_digest *wanted,
		   uint64_t wanted_size, struct kb_err *err);

/* Small whole blobs. Get digests what it read: a blob that is not what its
 * name says is KB_E_DAMAGED. */
int kb_store_put(struct kb_store *store, const void *data, size_t len, struct kb_digest *ret_digest,
		 struct kb_err *err);
int kb_store_get(struct kb_store *store, const struct kb_digest *digest, size_t max,
		 struct kb_buf *buf, struct kb_err *err);

/* Re-digest one blob; a damaged one is removed and KB_E_DAMAGED returned. */
int kb_store_check(struct kb_store *store, const struct kb_digest *digest, struct kb_err *err);

/* Derived records: small text files under a key (hex digest of their input). */
int kb_store_derived_get(struct kb_store *store, const struct kb_digest *key, struct kb_buf *buf,
			 struct kb_err *err); /* KB_E_MISSING when absent */
int kb_store_derived_put(struct kb_store *store, const struct kb_digest *key, const void *text,
			 size_t len, struct kb_err *err);

/* A folder of our own for tools that want one, absolute, on the store's file
 * system. Dropping removes it with all it holds and frees the path; what is
 * left when the store is closed goes with it. */
int kb_store_scratch(struct kb_store *store, char **ret_path, struct kb_err *err);
void kb_store_scratch_drop(char *path);

#define kb_autoscratch __attribute__((cleanup(kb_store_scratch_cleanup)))
void kb_store_scratch_cleanup(char **path);

/* The folder of downloads to be continued, locked for this process until the
 * store is closed; KB_E_BUSY while another fetch has it. */
int kb_store_partial(struct kb_store *store, const char **ret_dir, struct kb_err *err);

#endif
