#include "core/name.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

/* A path as messages show it. */
struct shown {
	char text[256];
};

static struct shown show(const char *path, size_t len)
{
	struct shown s = {{0}};

	kb_escape(s.text, sizeof(s.text), path, len);
	return s;
}

#define REFUSE(path, len, err, why) \
	kb_err_set(err, KB_E_PATH, "path \"%s\": %s", show(path, len).text, why)

/* Combining accents, and the three signs that normalise to letters: with them
 * one visible name has two spellings. */
static bool is_decomposed(uint32_t point)
{
	return (point >= 0x0300 && point <= 0x036f) || point == 0x2126 || point == 0x212a ||
	       point == 0x212b;
}

static int check_characters(const char *path, size_t len, struct kb_err *err)
{
	uint32_t point = 0;

	for (size_t i = 0, n; i < len; i += n) {
		n = kb_utf8_take(path + i, len - i, &point);
		if (n == 0)
			return REFUSE(path, len, err, "is not UTF-8");
		if (kb_utf8_is_control(point))
			return REFUSE(path, len, err, "holds a control character");
		if (is_decomposed(point))
			return REFUSE(path, len, err,
				      "holds a separate accent; write composed letters (NFC)");
	}
	return 0;
}

/* What is wrong with one component, or NULL. */
static const char *component_fault(const char *c, size_t len)
{
	if (len == 0)
		return "has an empty component (\"//\", or \"/\" at the end)";
	if (len == 1 && c[0] == '.')
		return "has the component \".\"";
	if (len == 2 && c[0] == '.' && c[1] == '.')
		return "has the component \"..\"";
	if (len > KB_NAME_COMPONENT_MAX)
		return "has a component of more than 255 bytes";
	return NULL;
}

/* PATH from offset FROM on: components with one slash between them. */
static int check_components(const char *path, size_t len, size_t from, struct kb_err *err)
{
	while (from <= len) {
		const char *slash = memchr(path + from, '/', len - from);
		size_t end = slash ? (size_t)(slash - path) : len;
		const char *fault = component_fault(path + from, end - from);

		if (fault)
			return REFUSE(path, len, err, fault);
		from = end + 1;
	}
	return 0;
}

static int check_whole(const char *path, size_t len, struct kb_err *err)
{
	if (len == 0)
		return kb_err_set(err, KB_E_PATH, "path is empty");
	if (len > KB_NAME_PATH_MAX)
		return kb_err_set(err, KB_E_PATH, "path \"%s..\": %zu bytes, at most %d",
				  show(path, 60).text, len, KB_NAME_PATH_MAX);
	return check_characters(path, len, err);
}

int kb_name_check_relative_n(const char *path, size_t len, struct kb_err *err)
{
	int r = check_whole(path, len, err);

	if (r < 0)
		return r;
	if (path[0] == '/')
		return REFUSE(path, len, err, "is absolute");
	return check_components(path, len, 0, err);
}

int kb_name_check_relative(const char *path, struct kb_err *err)
{
	return kb_name_check_relative_n(path, strlen(path), err);
}

static bool is_at_or_below(const char *path, size_t len, const char *dir)
{
	size_t n = strlen(dir);

	return len >= n && memcmp(path, dir, n) == 0 && (len == n || path[n] == '/');
}

int kb_name_check_host_path_n(const char *path, size_t len, struct kb_err *err)
{
	/* /var/run is a link to /run on every system we install on */
	static const char *const closed[] = {"/proc",
					     "/sys",
					     "/dev",
					     "/run/keybuzz",
					     "/var/run/keybuzz",
					     "/var/lib/keybuzz",
					     "/etc/keybuzz"};
	int r = check_whole(path, len, err);

	if (r < 0)
		return r;
	if (path[0] != '/')
		return REFUSE(path, len, err, "is not absolute");
	if (len == 1)
		return REFUSE(path, len, err, "is the root folder itself");
	r = check_components(path, len, 1, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		if (is_at_or_below(path, len, closed[i]))
			return kb_err_set(err, KB_E_PATH, "path \"%s\": nothing is installed in %s",
					  show(path, len).text, closed[i]);
	return 0;
}

int kb_name_check_host_path(const char *path, struct kb_err *err)
{
	return kb_name_check_host_path_n(path, strlen(path), err);
}

static bool is_alnum_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

int kb_name_check_id(const char *id, struct kb_err *err)
{
	size_t len = strlen(id);
	bool good = len > 0 && len <= KB_NAME_ID_MAX && id[0] != '-';

	for (size_t i = 0; good && i < len; i++)
		good = is_alnum_lower(id[i]) || id[i] == '-';
	if (good)
		return 0;
	return kb_err_set(err, KB_E_INVALID,
			  "name \"%s\": use 1 to %d of a-z 0-9 and -, not beginning with -",
			  show(id, len).text, KB_NAME_ID_MAX);
}

/* Order for neighbours: ASCII case does not count, and "/" is the smallest
 * character, so that a folder is followed by all that is below it. */
static unsigned weight(char c)
{
	if (c == '/')
		return 1;
	if (c >= 'A' && c <= 'Z')
		return (unsigned char)c + 32U;
	return (unsigned char)c;
}

static int folded_cmp(const void *a, const void *b)
{
	const struct kb_name_entry *x = *(const struct kb_name_entry *const *)a;
	const struct kb_name_entry *y = *(const struct kb_name_entry *const *)b;

	for (size_t i = 0;; i++) {
		unsigned p = weight(x->path[i]), q = weight(y->path[i]);

		if (p != q)
			return p < q ? -1 : 1;
		if (p == 0)
			return strcmp(x->path, y->path);
	}
}

/* Bytes of the components that A and B share when case does not count. */
static size_t shared_components(const char *a, const char *b)
{
	size_t shared = 0;

	for (size_t i = 0;; i++) {
		bool a_ends = a[i] == '\0' || a[i] == '/', b_ends = b[i] == '\0' || b[i] == '/';

		if (a_ends && b_ends)
			shared = i;
		if (weight(a[i]) != weight(b[i]) || a[i] == '\0')
			return shared;
	}
}

/* A comes directly before B in the order above. */
static int check_neighbours(const struct kb_name_entry *a, const struct kb_name_entry *b,
			    struct kb_err *err)
{
	size_t shared = shared_components(a->path, b->path), len = strlen(a->path);
	const char *what;

	if (memcmp(a->path, b->path, shared) != 0)
		what = "they differ in upper and lower case only";
	else if (strcmp(a->path, b->path) == 0)
		what = "the same path twice";
	else if (shared == len && b->path[len] == '/' && !a->directory)
		what = "the first is a file and cannot hold the second";
	else
		return 0;
	return kb_err_set(err, KB_E_PATH, "paths \"%s\" and \"%s\": %s", show(a->path, len).text,
			  show(b->path, strlen(b->path)).text, what);
}

int kb_name_conflict(const struct kb_name_entry *entries, size_t n, struct kb_err *err)
{
	kb_autofree const struct kb_name_entry **sorted = kb_alloc(n, sizeof(*sorted));

	for (size_t i = 0; i < n; i++)
		sorted[i] = &entries[i];
	if (n > 1)
		qsort(sorted, n, sizeof(*sorted), folded_cmp);
	for (size_t i = 1; i < n; i++) {
		int r = check_neighbours(sorted[i - 1], sorted[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}
