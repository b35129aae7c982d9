/* Tar archives, written and read as streams. libarchive does the format; its
 * types stay in tar.c.
 *
 * Written: ustar, or where a member of 8 GiB or more is to come, pax with one
 * record for its size. Nothing depends on this machine or on the time: owner 0,
 * no names of users, mtime 0. Names are ASCII.
 *
 * Read: any tar, not trusted. Members come in order with their sizes; a reader
 * takes their bytes or goes on to the next.
 */
#ifndef CORE_TAR_H
#define CORE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct kb_tar_writer;

/* Takes a run of the archive. Non-zero stops the writing: every later call of
 * the writer returns that value, positive ones included. */
typedef int (*kb_tar_sink_fn)(void *ctx, const void *data, size_t len, struct kb_err *err);

/* LARGEST is the size of the largest member. */
#define KB_TAR_USTAR_MAX ((8ull << 30) - 1)
struct kb_tar_writer *kb_tar_writer_new(kb_tar_sink_fn sink, void *ctx, uint64_t largest);

/* Begin a regular file. The member before it must be complete. */
int kb_tar_file(struct kb_tar_writer *w, const char *path, unsigned mode, uint64_t size,
		struct kb_err *err);
int kb_tar_data(struct kb_tar_writer *w, const void *data, size_t len, struct kb_err *err);
/* A whole small file. */
int kb_tar_whole(struct kb_tar_writer *w, const char *path, unsigned mode, const void *data,
		 size_t len, struct kb_err *err);
/* The last member must be complete; writes the end of the archive. */
int kb_tar_end(struct kb_tar_writer *w, struct kb_err *err);
void kb_tar_writer_free(struct kb_tar_writer *w); /* without an end the archive is cut off */

struct kb_tar_reader;

/* Gives the next run of the archive, valid until the next call; *RET_LEN 0 is
 * its end. */
typedef int (*kb_tar_source_fn)(void *ctx, const void **ret_data, size_t *ret_len,
				struct kb_err *err);

struct kb_tar_reader *kb_tar_reader_new(kb_tar_source_fn source, void *ctx);

/* Texts are as they stand in the archive, and valid until the next member. */
struct kb_tar_member {
	const char *path;
	const char *hard_link; /* another name of that earlier member, or NULL */
	const char *symlink;   /* its target, or NULL */
	bool regular;          /* a file with bytes of its own */
	bool directory;
	uint64_t size;
};

/* 1 and the next member, 0 at the end. Not a tar, or cut off: KB_E_DAMAGED. An
 * error of the source is returned as it is. */
int kb_tar_next(struct kb_tar_reader *r, struct kb_tar_member *ret_member, struct kb_err *err);
/* The next run of the member's bytes; *RET_LEN 0 is its end. A member with holes
 * is KB_E_DAMAGED. */
int kb_tar_read(struct kb_tar_reader *r, const void **ret_data, size_t *ret_len,
		struct kb_err *err);
void kb_tar_reader_free(struct kb_tar_reader *r);

#endif
