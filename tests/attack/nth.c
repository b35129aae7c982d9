/* For LD_PRELOAD: what the machine does to a program at its worst moment.
 *
 *	FAIL=memory|write|sync|rename|read NTH=n	the n-th such call fails, once
 *	SWAP=FILE WITH=OTHER NTH=n	before FILE is opened the n-th time,
 *					OTHER takes its name; with WITH empty
 *					FILE goes away
 *	COUNT=FILE			how many there were, for the loop that asks
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* glibc's own names: NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __openat64_2(int dirfd, const char *path, int flags);
int __open64_2(const char *path, int flags);
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

enum what { MEMORY, WRITE, SYNC, RENAME, READ, OPEN, KINDS };
static const char *const names[KINDS] = {"memory", "write", "sync", "rename", "read", "open"};

static int fail = KINDS;
static long nth;
static const char *swap, *with, *report;
static atomic_long count;

static void __attribute__((constructor)) begin(void)
{
	const char *what = getenv("FAIL"), *n = getenv("NTH");

	/* not of what starts it */
	if (strcmp(program_invocation_short_name, "keybuzz-bundle") != 0)
		return;
	report = getenv("COUNT");
	swap = getenv("SWAP");
	with = getenv("WITH");
	nth = n ? atol(n) : 0;
	for (int i = 0; what && i < KINDS; i++)
		if (strcmp(what, names[i]) == 0)
			fail = i;
	if (swap)
		fail = OPEN;
	atomic_store(&count, 0);
}

static void __attribute__((destructor)) end(void)
{
	long n = atomic_load(&count);
	FILE *f = report ? fopen(report, "w") : NULL;

	if (!f)
		return;
	fprintf(f, "%ld\n", n);
	fclose(f);
}

/* Is this the call? */
static int now(int what)
{
	return what == fail && atomic_fetch_add(&count, 1) + 1 == nth;
}

static int denied(int what, int error)
{
	if (!now(what))
		return 0;
	errno = error;
	return 1;
}

void *malloc(size_t size)
{
	return denied(MEMORY, ENOMEM) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return denied(MEMORY, ENOMEM) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return denied(MEMORY, ENOMEM) ? NULL : __libc_realloc(p, size);
}

#define REAL(type, name, ...)             \
	static type (*real)(__VA_ARGS__); \
	if (!real)                        \
	real = (type(*)(__VA_ARGS__))(size_t)dlsym(RTLD_NEXT, name)

/* Words for people are not what this is about. */
ssize_t write(int fd, const void *data, size_t len)
{
	REAL(ssize_t, "write", int, const void *, size_t);
	return fd > 2 && denied(WRITE, ENOSPC) ? -1 : real(fd, data, len);
}

ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t len,
			unsigned flags)
{
	REAL(ssize_t, "copy_file_range", int, off64_t *, int, off64_t *, size_t, unsigned);
	return denied(WRITE, ENOSPC) ? -1 : real(in, in_at, out, out_at, len, flags);
}

int fsync(int fd)
{
	REAL(int, "fsync", int);
	return denied(SYNC, EIO) ? -1 : real(fd);
}

int fdatasync(int fd)
{
	REAL(int, "fdatasync", int);
	return denied(SYNC, EIO) ? -1 : real(fd);
}

int syncfs(int fd)
{
	REAL(int, "syncfs", int);
	return denied(SYNC, EIO) ? -1 : real(fd);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	REAL(int, "renameat", int, const char *, int, const char *);
	return denied(RENAME, EIO) ? -1 : real(from_fd, from, to_fd, to);
}

ssize_t pread64(int fd, void *data, size_t len, off64_t at)
{
	REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
	return denied(READ, EIO) ? -1 : real(fd, data, len, at);
}

ssize_t read(int fd, void *data, size_t len)
{
	REAL(ssize_t, "read", int, void *, size_t);
	return denied(READ, EIO) ? -1 : real(fd, data, len);
}

/* Another file takes the name that is about to be opened. */
static void trade(const char *path)
{
	const char *wanted = swap ? strrchr(swap, '/') : NULL, *slash = strrchr(path, '/');

	if (!wanted || strcmp(wanted + 1, slash ? slash + 1 : path) != 0 || !now(OPEN))
		return;
	if (with && *with ? rename(with, swap) : unlink(swap))
		abort();
}

int openat64(int dirfd, const char *path, int flags, ...)
{
	REAL(int, "openat64", int, const char *, int, ...);
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	trade(path);
	return real(dirfd, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	REAL(int, "open64", const char *, int, ...);
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	trade(path);
	return real(path, flags, mode);
}

/* The same calls as a fortified program makes them.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __openat64_2(int dirfd, const char *path, int flags)
{
	return openat64(dirfd, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
	return open64(path, flags, 0);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
