#include "core/envfile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

enum { KEYS_MAX = 512 };

struct item {
	const char *key, *value;
	size_t line;
};

struct kb_envfile {
	char *text; /* keys and values point into it */
	size_t len;
	struct item items[KEYS_MAX];
	size_t n;
};

struct parser {
	struct kb_envfile *env;
	const char *name;
	size_t line;
	struct kb_err *err;
};

/* No message holds anything that could be a value: a key is named only once it
 * is known to be one. */
#define FAULT(p, column, fmt, ...)                                                           \
	kb_err_set((p)->err, KB_E_INVALID, "%s:%zu:%zu: " fmt, (p)->name, (p)->line, column, \
		   ##__VA_ARGS__)

static int check_characters(struct parser *p, const char *line, size_t len)
{
	size_t column = 1;
	uint32_t point = 0;

	for (size_t i = 0, n; i < len; i += n, column++) {
		n = kb_utf8_take(line + i, len - i, &point);
		if (n == 0)
			return FAULT(p, column, "not UTF-8");
		if (point == '\r' && i + 1 == len)
			return FAULT(p, column, "the line ends in CR LF; convert the file to LF");
		if (point == 0xfeff && i == 0)
			return FAULT(p, column, "byte order mark; save the file without it");
		if (kb_utf8_is_control(point))
			return FAULT(p, column, "control character");
	}
	return 0;
}

static bool is_key_char(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (!first && ((c >= '0' && c <= '9') || c == '_'));
}

static size_t key_len(const char *line)
{
	size_t n = 0;

	while (is_key_char(line[n], n == 0))
		n++;
	return n;
}

static int check_key(struct parser *p, const char *line, size_t len)
{
	if (strncmp(line, "export ", 7) == 0)
		return FAULT(p, (size_t)1, "write KEY=VALUE without \"export\"");
	if (line[0] == ' ')
		return FAULT(p, (size_t)1, "blank before the key");
	if (len == 0)
		return FAULT(p, (size_t)1, "must begin with a key of A-Z 0-9 _");
	if (line[len] != '=')
		return FAULT(p, len + 1, "\"=\" must follow directly after a key of A-Z 0-9 _");
	if (len > KB_ENVFILE_KEY_MAX)
		return FAULT(p, (size_t)1, "key of %zu bytes, at most %d", len, KB_ENVFILE_KEY_MAX);
	return 0;
}

static int check_new(struct parser *p, const char *key)
{
	for (size_t i = 0; i < p->env->n; i++)
		if (strcmp(p->env->items[i].key, key) == 0)
			return FAULT(p, (size_t)1, "%s is already in line %zu", key,
				     p->env->items[i].line);
	if (p->env->n == KEYS_MAX)
		return FAULT(p, (size_t)1, "more than %d keys", KEYS_MAX);
	return 0;
}

static size_t column_of(const char *line, const char *at)
{
	size_t column = 1;

	for (; line < at; line++)
		column += (*line & 0xc0) != 0x80;
	return column;
}

/* Take the quotes off VALUE, which begins with one. */
static int unquote(struct parser *p, const char *line, char **value)
{
	char quote = **value, *text = *value + 1, *end = strchr(text, quote);

	if (!end)
		return FAULT(p, column_of(line, *value), "the quote is not closed");
	if (end[1] != '\0')
		return FAULT(p, column_of(line, end + 1), "text behind the closing quote");
	*end = '\0';
	if (quote == '"' && text[strcspn(text, "\\$`")] != '\0')
		return FAULT(p, column_of(line, text + strcspn(text, "\\$`")),
			     "a shell would change this character; write the value in single "
			     "quotes");
	*value = text;
	return 0;
}

static int take_value(struct parser *p, const char *line, char *value, const char **ret_value)
{
	size_t column = column_of(line, value), len;
	int r;

	if (*value == '"' || *value == '\'') {
		r = unquote(p, line, &value);
		if (r < 0)
			return r;
	} else if (*value == ' ' || (*value && value[strlen(value) - 1] == ' ')) {
		return FAULT(p, column,
			     "the value begins or ends with a blank; quote it if it is "
			     "meant");
	}
	len = strlen(value);
	if (len == 0)
		return FAULT(p, column, "the value is empty; give one, or remove the line");
	if (len > KB_ENVFILE_VALUE_MAX)
		return FAULT(p, column, "value of %zu bytes, at most %d", len,
			     KB_ENVFILE_VALUE_MAX);
	*ret_value = value;
	return 0;
}

static int take_line(struct parser *p, char *line, size_t len)
{
	size_t klen = key_len(line);
	struct item *item = &p->env->items[p->env->n];
	const char *value = NULL;
	int r = check_characters(p, line, len);

	if (r < 0 || line[0] == '#' || line[strspn(line, " ")] == '\0')
		return r;
	r = check_key(p, line, klen);
	if (r < 0)
		return r;
	r = take_value(p, line, line + klen + 1, &value);
	if (r < 0)
		return r;
	line[klen] = '\0';
	r = check_new(p, line);
	if (r < 0)
		return r;
	*item = (struct item){line, value, p->line};
	p->env->n++;
	return 0;
}

static int take_lines(struct parser *p)
{
	char *line = p->env->text;

	while (line && *line) {
		char *end = strchr(line, '\n');
		size_t len = end ? (size_t)(end - line) : strlen(line);
		int r;

		line[len] = '\0';
		p->line++;
		r = take_line(p, line, len);
		if (r < 0)
			return r;
		line = end ? end + 1 : NULL;
	}
	return 0;
}

int kb_envfile_parse(const char *name, const char *text, size_t len, struct kb_envfile **ret_env,
		     struct kb_err *err)
{
	kb_autoenvfile struct kb_envfile *env = NULL;
	struct parser p = {.name = name, .err = err};
	int r;

	if (len > KB_ENVFILE_MAX)
		return kb_err_set(err, KB_E_INVALID, "%s: %zu bytes, at most %d", name, len,
				  KB_ENVFILE_MAX);
	if (memchr(text, '\0', len))
		return kb_err_set(err, KB_E_INVALID,
				  "%s: holds a NUL byte; this is not a text file", name);
	env = p.env = kb_alloc(1, sizeof(*env));
	env->text = kb_strndup(text, len);
	env->len = len;
	r = take_lines(&p);
	if (r < 0)
		return r;
	*ret_env = kb_steal(env);
	return 0;
}

const char *kb_envfile_get(const struct kb_envfile *env, const char *key)
{
	for (size_t i = 0; i < env->n; i++)
		if (strcmp(env->items[i].key, key) == 0)
			return env->items[i].value;
	return NULL;
}

size_t kb_envfile_count(const struct kb_envfile *env)
{
	return env->n;
}

const char *kb_envfile_key(const struct kb_envfile *env, size_t i)
{
	return i < env->n ? env->items[i].key : NULL;
}

const char *kb_envfile_value(const struct kb_envfile *env, size_t i)
{
	return i < env->n ? env->items[i].value : NULL;
}

void kb_envfile_add(struct kb_buf *out, const char *key, const char *value)
{
	bool bare = !strchr(" '\"", value[0]) && value[strlen(value) - 1] != ' ';
	const char *quote = bare ? "" : strchr(value, '\'') ? "\"" : "'";

	kb_buf_printf(out, "%s=%s%s%s\n", key, quote, value, quote);
}

void kb_envfile_free(struct kb_envfile *env)
{
	if (!env)
		return;
	explicit_bzero(env->text, env->len);
	free(env->text);
	free(env);
}

void kb_envfile_cleanup(struct kb_envfile **env)
{
	kb_envfile_free(*env);
}
