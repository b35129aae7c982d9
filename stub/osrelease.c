#include "stub/osrelease.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "stub/paths.h"

enum { OS_RELEASE_MAX = 64 * 1024 };

/* VALUE, "VALUE" or 'VALUE' of plain characters; false for anything that a
 * shell would have to work on. */
static bool take_value(const char *p, size_t len, char *out, size_t cap)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-~+";

	while (len && (p[len - 1] == '\r' || p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	if (len >= 2 && (p[0] == '"' || p[0] == '\'') && p[len - 1] == p[0]) {
		p++;
		len -= 2;
	}
	if (len == 0 || len >= cap)
		return false;
	memcpy(out, p, len);
	out[len] = '\0';
	return strspn(out, plain) == len;
}

static int take_line(const char *line, size_t len, const char *key, char *out, size_t cap,
		     struct kb_err *err)
{
	size_t n = strlen(key);

	if (len <= n || memcmp(line, key, n) != 0 || line[n] != '=')
		return 0;
	if (take_value(line + n + 1, len - n - 1, out, cap))
		return 0;
	return kb_err_set(err, KB_E_TARGET, "os-release: %s is not a plain word", key);
}

int kb_osrelease_parse(const char *text, size_t len, struct kb_osrelease *ret_os,
		       struct kb_err *err)
{
	struct kb_osrelease os = {.id = "linux"};

	for (size_t at = 0; at < len;) {
		const char *line = text + at, *end = memchr(line, '\n', len - at);
		size_t n = end ? (size_t)(end - line) : len - at;
		int rc;

		if ((rc = take_line(line, n, "ID", os.id, sizeof(os.id), err)) < 0 ||
		    (rc = take_line(line, n, "VERSION_ID", os.version, sizeof(os.version), err)) <
			    0)
			return rc;
		at += n + 1;
	}
	*ret_os = os;
	return 0;
}

/* Both are links on some systems, into places that only root writes to; what
 * they say decides nothing but a refusal. */
int kb_osrelease_read(int rootfd, struct kb_osrelease *ret_os, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_err missing;
	int rc = kb_file_read_at(rootfd, &KB_PATH_OS_RELEASE[1], OS_RELEASE_MAX, &text, &missing);

	if (rc == KB_E_MISSING)
		rc = kb_file_read_at(rootfd, &KB_PATH_OS_FALLBACK[1], OS_RELEASE_MAX, &text,
				     &missing);
	if (rc < 0)
		return kb_err_set(err, rc == KB_E_IO || rc == KB_E_MEMORY ? rc : KB_E_TARGET,
				  "which system is this? /%s", missing.text);
	return kb_osrelease_parse(text.data, text.len, ret_os, err);
}

static unsigned long number(const char **p)
{
	unsigned long v = 0;

	while (**p >= '0' && **p <= '9' && v < 1000000)
		v = v * 10 + (unsigned long)(*(*p)++ - '0');
	while (**p && **p != '.')
		(*p)++;
	if (**p)
		(*p)++;
	return v;
}

int kb_version_cmp(const char *a, const char *b)
{
	while (*a || *b) {
		unsigned long x, y;

		/* "13" < "13.0": whoever names more digits means a later one */
		if (!*a || !*b)
			return *a ? 1 : -1;
		x = number(&a);
		y = number(&b);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

bool kb_osrelease_accepted(const struct kb_osrelease *os, const struct kb_manifest *m)
{
	for (size_t i = 0; i < m->n_os; i++)
		if (strcmp(m->os[i].id, os->id) == 0 && os->version[0] &&
		    kb_version_cmp(os->version, m->os[i].min) >= 0 &&
		    kb_version_cmp(os->version, m->os[i].max) <= 0)
			return true;
	return m->n_os == 0;
}
