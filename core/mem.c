#include "core/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUF_MIN = 32 }; /* what grows by single bytes begins with some */

void kb_no_memory(void)
{
	static const char text[] = "keybuzz: error 42 memory: out of memory; free some and run "
				   "the same command again\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(-KB_E_MEMORY); /* nowhere left to say it */
	_exit(-KB_E_MEMORY);
}

void *kb_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		kb_no_memory();
	return p;
}

void *kb_realloc(void *p, size_t n, size_t size)
{
	void *q = reallocarray(p, n ? n : 1, size ? size : 1);

	if (!q)
		kb_no_memory();
	return q;
}

char *kb_strndup(const char *s, size_t n)
{
	char *p = kb_alloc(n + 1, 1);

	memcpy(p, s, n);
	return p;
}

char *kb_strdup(const char *s)
{
	return kb_strndup(s, strlen(s));
}

char *kb_format(const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	if (n < 0)
		kb_no_memory();
	return p;
}

void *kb_grow(void *array, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 8;
	return kb_realloc(array, *cap, size);
}

void kb_cleanup_free(void *p)
{
	free(*(void **)p);
}

void kb_cleanup_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

void kb_buf_reserve(struct kb_buf *buf, size_t more)
{
	size_t need;

	if (__builtin_add_overflow(buf->len, more, &need) ||
	    __builtin_add_overflow(need, (size_t)1, &need))
		kb_no_memory();
	if (need <= buf->cap)
		return;
	if (buf->cap > SIZE_MAX / 2)
		kb_no_memory();
	if (need < buf->cap * 2)
		need = buf->cap * 2;
	if (need < BUF_MIN)
		need = BUF_MIN;
	buf->data = kb_realloc(buf->data, need, 1);
	buf->cap = need;
}

void kb_buf_add(struct kb_buf *buf, const void *bytes, size_t len)
{
	kb_buf_reserve(buf, len);
	if (len)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void kb_buf_puts(struct kb_buf *buf, const char *s)
{
	kb_buf_add(buf, s, strlen(s));
}

void kb_buf_putc(struct kb_buf *buf, char c)
{
	kb_buf_reserve(buf, 1);
	buf->data[buf->len++] = c;
	buf->data[buf->len] = '\0';
}

void kb_buf_printf(struct kb_buf *buf, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		kb_no_memory();
	kb_buf_reserve(buf, (size_t)n);
	vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, again);
	va_end(again);
	buf->len += (size_t)n;
}

void kb_buf_clear(struct kb_buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void kb_buf_free(struct kb_buf *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->len = buf->cap = 0;
}

void kb_buf_wipe(struct kb_buf *buf)
{
	if (buf->data)
		explicit_bzero(buf->data, buf->cap);
	kb_buf_free(buf);
}

char *kb_buf_steal(struct kb_buf *buf)
{
	char *p;

	kb_buf_reserve(buf, 0);
	p = buf->data;
	p[buf->len] = '\0';
	buf->data = NULL;
	buf->len = buf->cap = 0;
	return p;
}
