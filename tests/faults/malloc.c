/* The allocator of a test build of the program: its N-th allocation fails, once.
 * N comes on a descriptor that is there before main() closes all of them; with
 * none, or 0, nothing fails. Linked with --wrap, so that what libraries in the
 * program allocate counts as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/faults/trace.h"

/* the names that the linker's --wrap gives the two of each */
#define REAL(name) __real_##name
#define WRAP(name) __wrap_##name

void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t n, size_t size);
void *REAL(realloc)(void *p, size_t size);
void *WRAP(malloc)(size_t size);
void *WRAP(calloc)(size_t n, size_t size);
void *WRAP(realloc)(void *p, size_t size);

static long fails_at, made;

__attribute__((constructor)) static void ask(void)
{
	char text[24] = "";

	if (read(TRACE_ALLOCATOR_FD, text, sizeof(text) - 1) > 0)
		fails_at = strtol(text, NULL, 10);
}

__attribute__((destructor)) static void tell(void)
{
	int fd = fails_at == LONG_MAX ? open(TRACE_ALLOCATIONS, O_WRONLY | O_CREAT, 0600) : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%ld", made);
	close(fd);
}

static int fails(void)
{
	if (__atomic_add_fetch(&made, 1, __ATOMIC_RELAXED) != fails_at)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *WRAP(malloc)(size_t size)
{
	return fails() ? NULL : REAL(malloc)(size);
}

void *WRAP(calloc)(size_t n, size_t size)
{
	return fails() ? NULL : REAL(calloc)(n, size);
}

void *WRAP(realloc)(void *p, size_t size)
{
	return fails() ? NULL : REAL(realloc)(p, size);
}
