#include "builder/sbom_licence.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"

enum { NAME_MAX_LEN = 80, EXPRESSION_MAX = 4096, PARTS_MAX = 256 };

/* Names that Debian gives, beside the SPDX name; names that are SPDX's own are
 * found in the second column. Versions of the GNU licences: see gnu(). */
static const struct {
	const char *debian, *spdx;
} known[] = {
	{"expat", "MIT"},
	{"mit", "MIT"},
	{"mit-0", "MIT-0"},
	{"isc", "ISC"},
	{"0bsd", "0BSD"},
	{"bsd-1-clause", "BSD-1-Clause"},
	{"bsd-2-clause", "BSD-2-Clause"},
	{"bsd-3-clause", "BSD-3-Clause"},
	{"bsd-4-clause", "BSD-4-Clause"},
	{"bsd-4-clause-uc", "BSD-4-Clause-UC"},
	{"apache-2", "Apache-2.0"},
	{"apache-2.0", "Apache-2.0"},
	{"artistic", "Artistic-1.0-Perl"},
	{"artistic-2", "Artistic-2.0"},
	{"artistic-2.0", "Artistic-2.0"},
	{"beerware", "Beerware"},
	{"blueoak-1.0.0", "BlueOak-1.0.0"},
	{"bsl-1.0", "BSL-1.0"},
	{"bzip2-1.0.6", "bzip2-1.0.6"},
	{"cc-by-3.0", "CC-BY-3.0"},
	{"cc-by-4.0", "CC-BY-4.0"},
	{"cc-by-sa-3.0", "CC-BY-SA-3.0"},
	{"cc-by-sa-4.0", "CC-BY-SA-4.0"},
	{"cc0", "CC0-1.0"},
	{"cc0-1.0", "CC0-1.0"},
	{"cddl-1.0", "CDDL-1.0"},
	{"curl", "curl"},
	{"epl-1.0", "EPL-1.0"},
	{"epl-2.0", "EPL-2.0"},
	{"fsfap", "FSFAP"},
	{"fsful", "FSFUL"},
	{"fsfullr", "FSFULLR"},
	{"ftl", "FTL"},
	{"hpnd", "HPND"},
	{"icu", "ICU"},
	{"ijg", "IJG"},
	{"libpng", "Libpng"},
	{"mpl-1.1", "MPL-1.1"},
	{"mpl-2.0", "MPL-2.0"},
	{"ncsa", "NCSA"},
	{"ntp", "NTP"},
	{"ofl-1.1", "OFL-1.1"},
	{"openldap-2.8", "OLDAP-2.8"},
	{"oldap-2.8", "OLDAP-2.8"},
	{"openssl", "OpenSSL"},
	{"postgresql", "PostgreSQL"},
	{"psf-2", "PSF-2.0"},
	{"psf-2.0", "PSF-2.0"},
	{"python-2.0", "Python-2.0"},
	{"ruby", "Ruby"},
	{"smlnj", "SMLNJ"},
	{"tcl", "TCL"},
	{"unicode-3.0", "Unicode-3.0"},
	{"unicode-dfs-2016", "Unicode-DFS-2016"},
	{"unlicense", "Unlicense"},
	{"vim", "Vim"},
	{"w3c", "W3C"},
	{"wtfpl", "WTFPL"},
	{"x11", "X11"},
	{"zlib", "Zlib"},
	{"zpl-2.1", "ZPL-2.1"},
};

/* "GPL-2+", "lgpl-2.1", "GPL-3.0-or-later": the family, a version it has, and
 * whether later ones are allowed. */
static bool gnu(const char *name, struct kb_buf *out)
{
	static const char *const families[] = {"GPL", "LGPL", "AGPL", "GFDL"};
	static const char *const versions[] = {"1.0 2.0 3.0", "2.0 2.1 3.0", "3.0", "1.1 1.2 1.3"};
	char version[8];

	for (size_t i = 0; i < 4; i++) {
		size_t len = strlen(families[i]), n;
		const char *rest;
		bool later;

		if (strncasecmp(name, families[i], len) != 0 || name[len] != '-')
			continue;
		name += len + 1;
		n = strspn(name, "0123456789.");
		rest = name + n;
		later = strcmp(rest, "+") == 0 || strcasecmp(rest, "-or-later") == 0;
		if (n == 0 || n > 3 || (*rest && !later && strcasecmp(rest, "-only") != 0))
			return false;
		snprintf(version, sizeof(version), "%.*s%s", (int)n, name, n == 1 ? ".0" : "");
		if (strlen(version) != 3 || !strstr(versions[i], version))
			return false;
		kb_buf_printf(out, "%s-%s-%s", families[i], version, later ? "or-later" : "only");
		return true;
	}
	return false;
}

static bool spdx(const char *name, struct kb_buf *out)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(name, known[i].debian) == 0 ||
		    strcasecmp(name, known[i].spdx) == 0) {
			kb_buf_puts(out, known[i].spdx);
			return true;
		}
	return gnu(name, out);
}

/* SPDX allows letters, digits, "." and "-" in such a name. */
static void reference(const char *name, struct kb_buf *out)
{
	bool dash = true;

	kb_buf_puts(out, KB_LICENCE_REF);
	for (; *name; name++) {
		bool good = isalnum((unsigned char)*name) || *name == '.';

		if (*name == '+')
			kb_buf_puts(out, "-or-later");
		else if (good)
			kb_buf_putc(out, *name);
		else if (!dash && name[1])
			kb_buf_putc(out, '-');
		dash = !good && *name != '+';
	}
}

static bool name_is_fit(const char *name)
{
	size_t len = strlen(name);
	bool any = false;

	for (size_t i = 0; i < len; i++)
		any |= isalnum((unsigned char)name[i]) != 0;
	return any && len <= NAME_MAX_LEN;
}

static bool add_name(const char *name, struct kb_buf *out)
{
	if (!name_is_fit(name))
		return false;
	if (!spdx(name, out))
		reference(name, out);
	return true;
}

/* ---- Debian ---- */

/* One word at *P, without the comma behind it; false at the end. */
static bool take_word(const char **p, struct kb_buf *word, bool *ret_comma)
{
	const char *s = *p + strspn(*p, " \t");
	size_t len = strcspn(s, " \t"), n = len;

	*ret_comma = len && s[len - 1] == ',';
	n -= *ret_comma;
	*p = s + len;
	kb_buf_clear(word);
	kb_buf_add(word, s, n);
	return len != 0;
}

static bool flush_name(struct kb_buf *name, struct kb_buf *out)
{
	bool good = name->len && add_name(name->data, out);

	kb_buf_clear(name);
	return good;
}

/* "A or B, and C": a comma ends what binds tighter than what follows. A name
 * may be of several words ("GPL-2+ with OpenSSL exception"). */
static char *synopsis(const char *line)
{
	kb_autobuf struct kb_buf word = KB_BUF_INIT, name = KB_BUF_INIT;
	struct kb_buf out = KB_BUF_INIT;
	bool comma, good = true;

	kb_buf_puts(&out, "");
	while (good && take_word(&line, &word, &comma)) {
		bool and = strcasecmp(word.data, "and") == 0;

		if (and || strcasecmp(word.data, "or") == 0) {
			good = flush_name(&name, &out);
			kb_buf_puts(&out, and? " AND " : " OR ");
			continue;
		}
		kb_buf_printf(&name, "%s%s", name.len ? "-" : "", word.data);
		if (!comma)
			continue;
		good = flush_name(&name, &out);
		if (good && strstr(out.data, " OR ")) {
			kb_autofree char *inner = kb_buf_steal(&out);

			kb_buf_printf(&out, "(%s)", inner);
		}
		/* "A, B or C" lists without saying how: not understood */
		line += strspn(line, " \t");
		good = good &&
		       (strncasecmp(line, "and ", 4) == 0 || strncasecmp(line, "or ", 3) == 0);
		if (good) {
			take_word(&line, &word, &comma);
			kb_buf_puts(&out, strcasecmp(word.data, "and") == 0 ? " AND " : " OR ");
		}
	}
	if (good && flush_name(&name, &out) && out.len <= EXPRESSION_MAX)
		return kb_buf_steal(&out);
	kb_buf_free(&out);
	return NULL;
}

struct paragraphs {
	char *parts[PARTS_MAX]; /* expressions, distinct */
	size_t n;
	bool failed;
};

static void add_distinct(struct paragraphs *p, char *expression)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->parts[i], expression) == 0) {
			free(expression);
			return;
		}
	if (p->n == PARTS_MAX) {
		free(expression);
		p->failed = true;
		return;
	}
	p->parts[p->n++] = expression;
}

static void add_part(struct paragraphs *p, const char *line, size_t len)
{
	kb_autofree char *text = kb_strndup(line, len);
	kb_autofree char *expression = synopsis(text);

	if (!expression) {
		p->failed = true;
		return;
	}
	if (strstr(expression, " OR ")) {
		add_distinct(p, kb_steal(expression));
		return;
	}
	/* all by AND: each for itself, so that what is said twice is shown once */
	for (const char *part = expression; part;) {
		const char *next = strstr(part, " AND ");
		size_t n = next ? (size_t)(next - part) : strlen(part);

		if (n && *part != '(')
			add_distinct(p, kb_strndup(part, n));
		else
			p->failed = true;
		part = next ? next + strlen(" AND ") : NULL;
	}
}

/* The value of FIELD in a paragraph's line, or NULL. */
static const char *value_of(const char *line, size_t len, const char *field)
{
	size_t n = strlen(field);

	if (len <= n || strncasecmp(line, field, n) != 0 || line[n] != ':')
		return NULL;
	return line + n + 1;
}

/* A paragraph counts when it speaks of files; one that only gives a licence's
 * text does not. The first one may speak of the package as a whole. */
static void add_paragraph(struct paragraphs *p, const char *text, size_t len, bool first)
{
	const char *licence = NULL;
	size_t licence_len = 0;
	bool counts = first;

	for (const char *line = text, *end = text + len; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		size_t n = eol ? (size_t)(eol - line) : (size_t)(end - line);
		const char *value = value_of(line, n, "License");

		counts |= value_of(line, n, "Files") != NULL;
		if (value) {
			licence = value;
			licence_len = n - (size_t)(value - line);
		}
		line += n + 1;
	}
	if (!counts || !licence)
		return;
	while (licence_len && isspace((unsigned char)licence[licence_len - 1]))
		licence_len--;
	/* of the whole package, and only a text: its files say more */
	if (licence_len || !first)
		add_part(p, licence, licence_len);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(struct paragraphs *p)
{
	struct kb_buf out = KB_BUF_INIT;

	qsort(p->parts, p->n, sizeof(p->parts[0]), by_bytes);
	for (size_t i = 0; i < p->n; i++) {
		bool wrap = p->n > 1 && strstr(p->parts[i], " OR ");

		kb_buf_printf(&out, "%s%s%s%s", i ? " AND " : "", wrap ? "(" : "", p->parts[i],
			      wrap ? ")" : "");
	}
	if (out.len && out.len <= EXPRESSION_MAX)
		return kb_buf_steal(&out);
	kb_buf_free(&out);
	return NULL;
}

static bool is_blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isspace((unsigned char)line[i]))
			return false;
	return true;
}

char *kb_sbom_licence_debian(const char *text, size_t len)
{
	struct paragraphs p = {.n = 0};
	const char *begin = text, *end = text + len;
	bool first = true;
	char *out;

	if (len < 8 || memchr(text, '\0', len) || strncasecmp(text, "Format:", 7) != 0)
		return NULL;
	for (const char *line = text; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		size_t n = eol ? (size_t)(eol - line) : (size_t)(end - line);
		bool blank = is_blank(line, n);

		if (blank || line + n >= end || line + n + 1 >= end) {
			size_t paragraph = (size_t)((blank ? line : line + n) - begin);

			add_paragraph(&p, begin, paragraph, first);
			first &= paragraph == 0;
			begin = line + n + 1;
		}
		line += n + 1;
	}
	out = p.failed ? NULL : join(&p);
	for (size_t i = 0; i < p.n; i++)
		free(p.parts[i]);
	return out;
}

/* ---- apk: SPDX expressions, mostly ---- */

static bool is_operator(const char *word)
{
	return strcmp(word, "AND") == 0 || strcmp(word, "OR") == 0;
}

/* A token at *P: a parenthesis or a word. */
static bool take_token(const char **p, struct kb_buf *token)
{
	const char *s = *p + strspn(*p, " ");
	size_t len = *s == '(' || *s == ')' ? 1 : strcspn(s, " ()");

	kb_buf_clear(token);
	kb_buf_add(token, s, len);
	*p = s + len;
	return len != 0;
}

char *kb_sbom_licence_apk(const char *line)
{
	kb_autobuf struct kb_buf token = KB_BUF_INIT;
	struct kb_buf out = KB_BUF_INIT;
	bool want_name = true, good = strlen(line) <= EXPRESSION_MAX;
	int depth = 0;

	kb_buf_puts(&out, "");
	while (good && take_token(&line, &token)) {
		bool opens = token.data[0] == '(', closes = token.data[0] == ')';

		if (opens || closes) {
			good = opens == want_name && (depth += opens ? 1 : -1) >= 0;
			kb_buf_puts(&out, token.data);
		} else if (is_operator(token.data)) {
			good = !want_name;
			kb_buf_printf(&out, " %s ", token.data);
			want_name = true;
		} else {
			/* two names side by side, or WITH: not understood */
			good = want_name && add_name(token.data, &out);
			want_name = false;
		}
	}
	if (good && !want_name && depth == 0)
		return kb_buf_steal(&out);
	kb_buf_free(&out);
	return NULL;
}
