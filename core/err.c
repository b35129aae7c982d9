#include "core/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

static const struct {
	int code;
	const char *class;
	const char *text;
} table[] = {
	{KB_OK, "ok", "done, or nothing to do"},
	{KB_E_USAGE, "usage", "unknown word or option, or wrong arguments"},
	{KB_E_TRUST, "untrusted", "no trust anchor on this host, or the key is not one"},
	{KB_E_SIGNATURE, "signature", "a signature does not verify"},
	{KB_E_ROLLBACK, "rollback", "older than what this host accepted before"},
	{KB_E_EXPIRED, "expired", "outside its validity, or the clock cannot be used"},
	{KB_E_TARGET, "target", "wrong role, architecture, system, host or channel"},
	{KB_E_REVOKED, "revoked", "the key or the release was revoked"},
	{KB_E_DAMAGED, "damaged", "bytes differ, or the file is too short or too long"},
	{KB_E_STATE, "state", "the journal or recorded state is damaged"},
	{KB_E_INVALID, "invalid", "a manifest, lock, inventory or template is refused"},
	{KB_E_PATH, "path", "an unsafe path or file type"},
	{KB_E_ENVIRONMENT, "environment", "owners, modes, rights or mounts make it unsafe"},
	{KB_E_BUSY, "busy", "another run holds the lock"},
	{KB_E_SPACE, "space", "no space or no inodes left"},
	{KB_E_IO, "io", "reading, writing or syncing failed"},
	{KB_E_MEMORY, "memory", "out of memory"},
	{KB_E_MISSING, "missing", "something this needs is not there"},
	{KB_E_DEPENDENCY, "dependency", "something this needs failed"},
	{KB_E_STEP, "step", "a step failed"},
	{KB_E_TIMEOUT, "timeout", "a step ran out of time"},
	{KB_E_HEALTH, "health", "a health check failed"},
	{KB_E_INTERRUPTED, "interrupted", "stopped at a safe point; run it again to go on"},
	{KB_E_INTERNAL, "internal", "a fault in this program"},
};

#define TABLE_LEN (sizeof(table) / sizeof(table[0]))

/* So that a caller who wants no text still gets the code through a wrap. */
static _Thread_local int last_code = KB_E_INTERNAL;

static void fill(struct kb_err *err, int code, const char *fmt, va_list ap)
{
	last_code = code;
	if (!err)
		return;
	err->code = code;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

int kb_err_set(struct kb_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, fmt, ap);
	va_end(ap);
	return code;
}

static int code_of_errno(int code, int saved)
{
	switch (saved) {
	case ENOSPC:
	case EDQUOT: return KB_E_SPACE;
	case ENOMEM: return KB_E_MEMORY;
	case EIO: return KB_E_IO;
	default: return code;
	}
}

int kb_err_errno(struct kb_err *err, int code, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	code = code_of_errno(code, saved);
	va_start(ap, fmt);
	fill(err, code, fmt, ap);
	va_end(ap);
	if (err) {
		size_t used = strlen(err->text);

		snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(saved));
	}
	return code;
}

int kb_err_wrap(struct kb_err *err, const char *fmt, ...)
{
	char inner[KB_ERR_TEXT_MAX];
	va_list ap;
	size_t used;

	if (!err)
		return last_code;
	memcpy(inner, err->text, sizeof(inner));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", inner);
	return err->code;
}

const char *kb_code_class(int code)
{
	for (size_t i = 0; i < TABLE_LEN; i++)
		if (table[i].code == code)
			return table[i].class;
	return "internal";
}

const char *kb_code_text(int code)
{
	for (size_t i = 0; i < TABLE_LEN; i++)
		if (table[i].code == code)
			return table[i].text;
	return "a fault in this program";
}

int kb_code_at(size_t i)
{
	return i < TABLE_LEN ? table[i].code : 1;
}

/* Bidirectional controls reorder what the operator reads on the line. */
static bool shown_as_is(uint32_t point)
{
	return !kb_utf8_is_control(point) && !(point >= 0x202a && point <= 0x202e) &&
	       !(point >= 0x2066 && point <= 0x2069);
}

void kb_escape(char *dst, size_t cap, const char *src, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)src;
	size_t out = 0;

	for (size_t i = 0; i < len;) {
		uint32_t point = 0;
		size_t n = kb_utf8_take(src + i, len - i, &point);

		if (n && !shown_as_is(point))
			n = 0;
		if (out + (n ? n : 4) >= cap)
			break;
		if (n) {
			memcpy(dst + out, s + i, n);
			out += n;
			i += n;
			continue;
		}
		dst[out++] = '\\';
		dst[out++] = 'x';
		dst[out++] = hex[s[i] >> 4];
		dst[out++] = hex[s[i] & 15];
		i++;
	}
	if (cap)
		dst[out] = '\0';
}

void kb_err_print(const struct kb_err *err)
{
	char shown[KB_ERR_TEXT_MAX * 4];

	kb_escape(shown, sizeof(shown), err->text, strlen(err->text));
	fprintf(stderr, "keybuzz: error %d %s: %s\n", -err->code, kb_code_class(err->code), shown);
}
