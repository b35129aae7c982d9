/* Memory: allocation that ends the process with exit 42 when there is none
 * (the journal makes that safe), cleanup by attribute, ownership leaving by an
 * explicit steal, and a growable buffer.
 *
 * Sizes that come from a file are compared with their named maximum by the
 * caller before they get here.
 */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define KB_NEVER_NULL __attribute__((returns_nonnull))

/* Say so and end with exit 42; also for libraries that report it as a failure
 * of something else. */
void kb_no_memory(void) __attribute__((noreturn));

/* Zeroed memory; n * size is checked. Never NULL, also for 0. */
void *kb_alloc(size_t n, size_t size) KB_NEVER_NULL;
void *kb_realloc(void *p, size_t n, size_t size) KB_NEVER_NULL;
char *kb_strdup(const char *s) KB_NEVER_NULL;
char *kb_strndup(const char *s, size_t n) KB_NEVER_NULL;
char *kb_format(const char *fmt, ...) KB_PRINTF(1, 2) KB_NEVER_NULL; /* caller frees */

/* Grow an array of *CAP elements so that one more fits at index N. */
void *kb_grow(void *array, size_t n, size_t *cap, size_t size) KB_NEVER_NULL;

#define kb_autofree  __attribute__((cleanup(kb_cleanup_free)))
#define kb_autoclose __attribute__((cleanup(kb_cleanup_close)))
#define kb_autobuf   __attribute__((cleanup(kb_buf_free)))

void kb_cleanup_free(void *p);  /* frees *(void **)p */
void kb_cleanup_close(int *fd); /* closes unless < 0; errno is kept */

/* Take what VAR holds and leave nothing behind for the cleanup. */
#define kb_steal(var)                            \
	(__extension__({                         \
		__typeof__(var) stolen_ = (var); \
		(var) = NULL;                    \
		stolen_;                         \
	}))

/* A growable run of bytes; data is always followed by a NUL that len does not
 * count. Start with KB_BUF_INIT. */
struct kb_buf {
	char *data;
	size_t len;
	size_t cap;
};
#define KB_BUF_INIT        \
	{                  \
		NULL, 0, 0 \
	}

void kb_buf_reserve(struct kb_buf *buf, size_t more);
void kb_buf_add(struct kb_buf *buf, const void *bytes, size_t len);
void kb_buf_puts(struct kb_buf *buf, const char *s);
void kb_buf_putc(struct kb_buf *buf, char c);
void kb_buf_printf(struct kb_buf *buf, const char *fmt, ...) KB_PRINTF(2, 3);
void kb_buf_clear(struct kb_buf *buf); /* keeps the memory */
void kb_buf_free(struct kb_buf *buf);
/* Wipe before freeing: for buffers that held credentials. */
void kb_buf_wipe(struct kb_buf *buf);
char *kb_buf_steal(struct kb_buf *buf); /* never NULL; caller frees */

#endif
