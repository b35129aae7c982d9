#include "builder/lint.h"

#include <string.h>
#include <strings.h>

#define NEVER "--pull=never"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Does WORD stand at *AT, with a blank or the end behind it? Moves there. */
static bool skip_word(const char *line, size_t len, size_t *at, const char *word)
{
	size_t n = strlen(word), from = *at;

	while (from < len && is_blank(line[from]))
		from++;
	if (from == *at || len - from < n || memcmp(line + from, word, n) != 0 ||
	    (from + n < len && !is_blank(line[from + n]) && line[from + n] != '\\'))
		return false;
	*at = from + n;
	return true;
}

/* `docker run`, `/usr/bin/docker create`, `"$DOCKER" container run`. */
static bool starts_container(const char *line, size_t len, size_t *ret_offset)
{
	static const char engine[] = "docker";
	const size_t n = sizeof(engine) - 1;

	for (size_t i = 0; i + n < len && line[i] != '#'; i++) {
		size_t at = i + n;

		if (strncasecmp(line + i, engine, n) != 0)
			continue;
		while (at < len && (line[at] == '"' || line[at] == '}'))
			at++;
		skip_word(line, len, &at, "container");
		if (!skip_word(line, len, &at, "run") && !skip_word(line, len, &at, "create"))
			continue;
		*ret_offset = i;
		return true;
	}
	return false;
}

bool kb_lint_pull(struct kb_lint_pull *p, const char *line, size_t len, size_t number)
{
	bool goes_on = len && line[len - 1] == '\\';
	size_t offset;

	if (!p->line && starts_container(line, len, &offset)) {
		p->line = number;
		p->offset = offset;
	}
	if (!p->line)
		return false;
	p->never = p->never || memmem(line, len, NEVER, sizeof(NEVER) - 1);
	return !goes_on;
}
