/* SECRET NUL SECRET NUL .. NUL NUL TEXT: however a step prints them, the secrets
 * do not come out, neither whole nor in a spelling the filter knows. */
#include "tests/fuzz/fuzz.h"

#include "stub/redact.h"

enum { SECRETS_MAX = 4 };

static void hex_of(const char *s, size_t len, struct kb_buf *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		kb_buf_putc(out, digits[(unsigned char)s[i] >> 4]);
		kb_buf_putc(out, digits[s[i] & 15]);
	}
}

/* The filter's own "***" may stand for a part of a secret made of stars. */
static void must_not_hold(const struct kb_buf *out, const char *text, size_t len)
{
	if (len < KB_REDACT_MIN || memchr(text, '*', len))
		return;
	KB_MUST(!memmem(out->data ? out->data : "", out->len, text, len));
}

KB_FUZZ(redact)
{
	struct kb_redact *r = kb_redact_new();
	kb_autobuf struct kb_buf out = KB_BUF_INIT, line = KB_BUF_INIT, hex = KB_BUF_INIT;
	const char *secrets[SECRETS_MAX], *at = (const char *)data, *end = at + len;
	size_t lens[SECRETS_MAX], n = 0;

	while (n < SECRETS_MAX && at < end) {
		const char *stop = memchr(at, '\0', (size_t)(end - at));

		if (!stop || stop == at) {
			at += stop == at;
			break;
		}
		secrets[n] = at;
		lens[n] = (size_t)(stop - at);
		kb_redact_add(r, at, lens[n++]);
		at = stop + 1;
	}
	kb_buf_add(&line, at, (size_t)(end - at));
	for (size_t i = 0; i < n; i++) { /* each as it is, and in hexadecimal */
		kb_buf_add(&line, secrets[i], lens[i]);
		kb_buf_puts(&line, " and ");
		hex_of(secrets[i], lens[i], &line);
	}
	kb_redact_line(r, line.data, line.len, false, &out);
	for (size_t i = 0; i < n; i++) {
		must_not_hold(&out, secrets[i], lens[i]);
		hex_of(secrets[i], lens[i], &hex);
		must_not_hold(&out, hex.data, lens[i] >= KB_REDACT_MIN ? hex.len : 0);
		kb_buf_clear(&hex);
	}
	kb_redact_free(r);
	return 0;
}
