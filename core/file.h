/* Files: whole reads with a stated maximum, complete writes, and a file that
 * appears under its name entire and durable, or not at all.
 *
 * Reads follow symbolic links (the operator named the path); what is written is
 * always a new file. Every descriptor is close-on-exec. Walking directories
 * that others may change is the business of path.h.
 */
#ifndef CORE_FILE_H
#define CORE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/mem.h"

/* Read exactly LEN bytes at OFFSET; fewer is KB_E_DAMAGED ("ends early"). */
int kb_pread_full(int fd, void *buf, size_t len, uint64_t offset, struct kb_err *err);

/* Write all of it, short writes and EINTR handled. */
int kb_write_full(int fd, const void *buf, size_t len, struct kb_err *err);

/* Append the whole regular file to BUF; more than MAX bytes is KB_E_INVALID.
 * A missing file is KB_E_MISSING. FIFOs, devices and directories are
 * KB_E_PATH, found out without blocking on them. */
int kb_file_read(const char *path, size_t max, struct kb_buf *buf, struct kb_err *err);
int kb_file_read_at(int dirfd, const char *name, size_t max, struct kb_buf *buf,
		    struct kb_err *err);

/* A new file beside its final name, under an exclusive random name and 0600,
 * removed unless committed. The mode becomes exactly MODE, whatever the umask;
 * the owner is left alone when uid or gid is -1. */
struct kb_newfile {
	int dirfd;
	int fd;     /* write here */
	char *name; /* final name in dirfd */
	char *tmp;  /* temporary name while it is not committed */
	mode_t mode;
};
#define KB_NEWFILE_INIT               \
	{                             \
		-1, -1, NULL, NULL, 0 \
	}
#define kb_autonewfile __attribute__((cleanup(kb_newfile_drop)))

int kb_newfile_open(struct kb_newfile *nf, const char *path, mode_t mode, struct kb_err *err);
int kb_newfile_open_at(struct kb_newfile *nf, int dirfd, const char *name, mode_t mode,
		       struct kb_err *err);
/* fsync, take the final name (replacing what was there), fsync the directory. */
int kb_newfile_commit(struct kb_newfile *nf, uid_t uid, gid_t gid, struct kb_err *err);
/* Take the final name only, for what is compared with digests when it is read:
 * after a power cut it may be there with other bytes. */
int kb_newfile_publish(struct kb_newfile *nf, struct kb_err *err);
void kb_newfile_drop(struct kb_newfile *nf);

/* Write DATA to PATH through a kb_newfile, owner left alone. */
int kb_file_replace(const char *path, const void *data, size_t len, mode_t mode,
		    struct kb_err *err);

/* mkdir -p with MODE for what is missing; existing components are kept. */
int kb_mkdirs(const char *path, mode_t mode, struct kb_err *err);

#endif
