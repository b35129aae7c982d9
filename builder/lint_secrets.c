#include "builder/lint.h"

#include <string.h>
#include <strings.h>

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define WORD   LOWER UPPER DIGITS "_"

/* Access tokens that say what they are. */
static const struct {
	const char *prefix;
	size_t rest; /* characters that follow, at least */
	const char *of;
} tokens[] = {
	{"AGE-SECRET-KEY-1", 30, UPPER DIGITS},
	{"AIza", 35, WORD "-"},
	{"AKIA", 16, UPPER DIGITS},
	{"ASIA", 16, UPPER DIGITS},
	{"dckr_pat_", 20, WORD "-"},
	{"gho_", 30, WORD},
	{"ghp_", 30, WORD},
	{"ghs_", 30, WORD},
	{"ghu_", 30, WORD},
	{"github_pat_", 30, WORD},
	{"glpat-", 20, WORD "-"},
	{"npm_", 30, WORD},
	{"sk_live_", 20, WORD},
	{"xoxb-", 20, WORD "-"},
	{"xoxp-", 20, WORD "-"},
};

/* Names whose value is a secret. */
static const char *const names[] = {"password", "passwd", "passphrase", "pwd",
				    "secret",   "token",  "cookie",     "api_key",
				    "api-key",  "apikey", "_pass",      "_key"};

static size_t span(const char *s, size_t left, const char *set)
{
	size_t n = 0;

	while (n < left && s[n] && strchr(set, s[n]))
		n++;
	return n;
}

static bool is_word_before(const char *line, size_t at)
{
	return at > 0 && span(line + at - 1, 1, WORD) == 1;
}

static const char *find_private_key(const char *line, size_t len, size_t *ret_offset)
{
	static const char begin[] = "-----BEGIN ", kind[] = "PRIVATE KEY";
	const char *at = memmem(line, len, begin, strlen(begin));

	if (!at || !memmem(at, len - (size_t)(at - line), kind, strlen(kind)))
		return NULL;
	*ret_offset = (size_t)(at - line);
	return "a private key";
}

static const char *find_token(const char *line, size_t len, size_t *ret_offset)
{
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		size_t n = strlen(tokens[i].prefix), at = 0;
		const char *hit;

		while ((hit = memmem(line + at, len - at, tokens[i].prefix, n))) {
			at = (size_t)(hit - line) + n;
			if (is_word_before(line, at - n) ||
			    span(line + at, len - at, tokens[i].of) < tokens[i].rest)
				continue;
			*ret_offset = at - n;
			return "an access token";
		}
	}
	return NULL;
}

/* Does it look drawn by lot? Long hex, or letters of both cases and digits in
 * one run; a path or a reference to a variable does not. */
static bool is_random(const char *s, size_t len)
{
	size_t upper = 0, lower = 0, digits = 0;

	if (len >= 32 && span(s, len, DIGITS "abcdef") == len)
		return true;
	if (len < 20 || s[0] == '/')
		return false;
	for (size_t i = 0; i < len; i++) {
		upper += s[i] >= 'A' && s[i] <= 'Z';
		lower += s[i] >= 'a' && s[i] <= 'z';
		digits += s[i] >= '0' && s[i] <= '9';
	}
	return upper >= 2 && lower >= 2 && digits >= 2;
}

/* In a list of settings any literal of some length is a value. */
static bool is_literal(const char *s, size_t len)
{
	return len >= 8 && !memchr(s, '$', len) && !memchr(s, '{', len) && s[0] != '/' &&
	       s[0] != '<';
}

/* Behind the name at AT: `NAME_MORE = "VALUE"`, also with a colon. */
static bool is_assigned_secret(const char *line, size_t len, size_t at, bool settings,
			       size_t *ret_offset)
{
	size_t n;

	at += span(line + at, len - at, WORD "-");
	at += span(line + at, len - at, "\"'] ");
	n = span(line + at, len - at, ":=");
	if (n == 0)
		return false;
	at += n;
	at += span(line + at, len - at, " \t\"'");
	n = span(line + at, len - at, WORD "+/=-");
	*ret_offset = at;
	if (is_random(line + at, n))
		return true;
	return settings && is_literal(line + at, len - at);
}

/* The first look at each place, of which there are as many as bytes. */
static bool may_begin(char c, char name)
{
	return (c | 0x20) == (name | 0x20);
}

static const char *find_assignment(const char *line, size_t len, bool settings, size_t *ret_offset)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		for (size_t at = 0; at + n < len; at++)
			if (may_begin(line[at], names[i][0]) &&
			    strncasecmp(line + at, names[i], n) == 0 &&
			    is_assigned_secret(line, len, at + n, settings, ret_offset))
				return "the value of a secret";
	}
	return NULL;
}

const char *kb_lint_secret(const char *line, size_t len, bool settings, size_t *ret_offset)
{
	const char *what = find_private_key(line, len, ret_offset);

	if (!what)
		what = find_token(line, len, ret_offset);
	return what ? what : find_assignment(line, len, settings, ret_offset);
}
