/* Lines of paths. What the judge lets through is held against a second,
 * simpler judge, and conflicts against comparing each with each. */
#include "tests/fuzz/fuzz.h"

#include <strings.h>

#include "core/mem.h"
#include "core/name.h"
#include "core/utf8.h"

enum { ENTRIES_MAX = 24 };

/* One component between slashes at a time, with nothing remembered. */
static void judge_again(const char *path, size_t len, bool absolute)
{
	size_t from = absolute ? 1 : 0;

	KB_MUST(len > from && len <= KB_NAME_PATH_MAX);
	KB_MUST((path[0] == '/') == absolute && path[len - 1] != '/');
	KB_MUST(kb_utf8_valid(path, len));
	for (size_t i = 0; i < len; i++)
		KB_MUST((unsigned char)path[i] >= 0x20 && path[i] != 0x7f);
	while (from <= len) {
		const char *end = memchr(path + from, '/', len - from);
		size_t n = end ? (size_t)(end - path) - from : len - from;

		KB_MUST(n > 0 && n <= KB_NAME_COMPONENT_MAX);
		KB_MUST(!(n == 1 && path[from] == '.'));
		KB_MUST(!(n == 2 && path[from] == '.' && path[from + 1] == '.'));
		from += n + 1;
	}
}

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncasecmp(path, folder, n) == 0 && path[n] == '/';
}

/* Equal, a file as the other's folder, or a folder in two spellings. */
static bool collide(const struct kb_name_entry *a, const struct kb_name_entry *b)
{
	size_t n = 0, end = 0;

	if (strcasecmp(a->path, b->path) == 0 || (!a->directory && is_below(b->path, a->path)) ||
	    (!b->directory && is_below(a->path, b->path)))
		return true;
	/* folders they have in common but for case */
	for (; a->path[n] && strncasecmp(a->path, b->path, n + 1) == 0; n++)
		if (a->path[n] == '/')
			end = n;
	if ((a->path[n] == '/' && !b->path[n]) || (b->path[n] == '/' && !a->path[n]))
		end = n;
	return end && memcmp(a->path, b->path, end) != 0;
}

static void check_conflicts(const struct kb_name_entry *entries, size_t n)
{
	bool wanted = false;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			wanted |= collide(&entries[i], &entries[j]);
	KB_MUST((kb_name_conflict(entries, n, NULL) < 0) == wanted);
}

KB_FUZZ(name)
{
	kb_autofree char *text = kb_strndup((const char *)data, len);
	struct kb_name_entry entries[ENTRIES_MAX];
	struct kb_err err = {.code = 0};
	char *line = text, *next;
	size_t n = 0;

	for (; line && n < ENTRIES_MAX; line = next) {
		size_t size;
		bool directory = *line == '!'; /* stands for "this is a folder" */

		line += directory;
		next = memchr(line, '\n', (size_t)(text + len - line));
		size = next ? (size_t)(next - line) : (size_t)(text + len - line);
		if (next)
			*next++ = '\0';
		if (kb_name_check_host_path_n(line, size, &err) == 0)
			judge_again(line, size, true);
		if (kb_name_check_id(line, NULL) == 0)
			KB_MUST(kb_name_check_relative(line, NULL) == 0);
		if (kb_name_check_relative_n(line, size, &err) < 0)
			continue;
		judge_again(line, size, false);
		entries[n++] = (struct kb_name_entry){line, directory};
	}
	check_conflicts(entries, n);
	return 0;
}
