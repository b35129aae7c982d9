#include "core/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int kb_args_init(struct kb_args *a, int argc, char **argv, struct kb_err *err)
{
	memset(a, 0, sizeof(*a));
	if (argc > KB_ARGS_MAX)
		return kb_err_set(err, KB_E_USAGE, "%d words on the command line, at most %d", argc,
				  KB_ARGS_MAX);
	a->argv = argv;
	a->argc = argc;
	return 0;
}

static void fault(struct kb_args *a, const char *text, const char *name)
{
	if (!a->fault.code)
		kb_err_set(&a->fault, KB_E_USAGE, text, name);
}

/* Does the I-th word name the option? *ret_value points behind `=`, if any. */
static bool names(const struct kb_args *a, int i, const char *name, char short_name,
		  const char **ret_value)
{
	const char *word = a->argv[i];
	size_t len = strlen(name);

	*ret_value = NULL;
	if (short_name && word[0] == '-' && word[1] == short_name && !word[2])
		return true;
	if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, len) != 0)
		return false;
	if (word[2 + len] == '=')
		*ret_value = word + 2 + len + 1;
	return word[2 + len] == '\0' || word[2 + len] == '=';
}

static bool ends_options(const struct kb_args *a, int i)
{
	return strcmp(a->argv[i], "--") == 0;
}

static void know(struct kb_args *a, const char *name)
{
	if (a->n_known < sizeof(a->known) / sizeof(a->known[0]))
		a->known[a->n_known++] = name;
}

bool kb_args_flag(struct kb_args *a, const char *name, char short_name)
{
	bool given = false;
	const char *value;

	know(a, name);
	for (int i = 0; i < a->argc && !ends_options(a, i); i++) {
		if (a->taken[i] || !names(a, i, name, short_name, &value))
			continue;
		if (value)
			fault(a, "--%s takes no value", name);
		a->taken[i] = true;
		given = true;
	}
	return given;
}

const char *kb_args_option(struct kb_args *a, const char *name, char short_name,
			   const char *fallback)
{
	const char *found = NULL, *value;

	know(a, name);
	for (int i = 0; i < a->argc && !ends_options(a, i); i++) {
		if (a->taken[i] || !names(a, i, name, short_name, &value))
			continue;
		a->taken[i] = true;
		if (!value && i + 1 < a->argc && !a->taken[i + 1]) {
			value = a->argv[++i];
			a->taken[i] = true;
		}
		if (!value)
			fault(a, "--%s needs a value", name);
		else if (found)
			fault(a, "--%s is given twice", name);
		else
			found = value;
	}
	return found ? found : fallback;
}

uint64_t kb_args_number(struct kb_args *a, const char *name, uint64_t min, uint64_t max,
			uint64_t fallback)
{
	const char *text = kb_args_option(a, name, 0, NULL);
	unsigned long long v;
	char *end;

	if (!text)
		return fallback;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || v < min || v > max) {
		if (!a->fault.code)
			kb_err_set(&a->fault, KB_E_USAGE,
				   "--%s: \"%s\" is not a number from %llu to %llu", name, text,
				   (unsigned long long)min, (unsigned long long)max);
		return fallback;
	}
	return v;
}

const char *kb_args_positional(struct kb_args *a)
{
	bool options = true;

	for (int i = 0; i < a->argc; i++) {
		if (options && ends_options(a, i)) {
			options = false;
			a->taken[i] = true;
			continue;
		}
		if (a->taken[i] || (options && a->argv[i][0] == '-' && a->argv[i][1]))
			continue;
		a->taken[i] = true;
		return a->argv[i];
	}
	return NULL;
}

int kb_args_end(struct kb_args *a, struct kb_err *err)
{
	if (a->fault.code)
		return kb_err_set(err, KB_E_USAGE, "%s", a->fault.text);
	for (int i = 0; i < a->argc; i++) {
		const char *word = a->argv[i], *near;

		if (a->taken[i])
			continue;
		if (word[0] != '-')
			return kb_err_set(err, KB_E_USAGE, "\"%s\" is one word too many", word);
		near = strncmp(word, "--", 2) ? NULL : kb_nearest(word + 2, a->known, a->n_known);
		return kb_err_set(err, KB_E_USAGE, "unknown option %s%s%s%s", word,
				  near ? "; did you mean --" : "; see --help", near ? near : "",
				  near ? "?" : "");
	}
	return 0;
}

/* Levenshtein distance, given up beyond two: names here are short. */
static unsigned distance(const char *a, const char *b)
{
	enum { LONGEST = 48 };
	unsigned row[LONGEST + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > LONGEST || lb > LONGEST)
		return 99;
	for (unsigned j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned change = diagonal + (a[i - 1] != b[j - 1]);
			unsigned least = row[j] < row[j - 1] ? row[j] : row[j - 1];

			diagonal = row[j];
			row[j] = change < least + 1 ? change : least + 1;
		}
	}
	return row[lb];
}

const char *kb_nearest(const char *word, const char *const *known, size_t n)
{
	const char *best = NULL;
	unsigned least = 3;

	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(word, known[i]);

		if (d < least) {
			least = d;
			best = known[i];
		}
	}
	return best;
}

int kb_close_stdout(struct kb_err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout) || (fclose(stdout) != 0 && errno != EBADF))
		return kb_err_errno(err, KB_E_IO, "standard output");
	return 0;
}
