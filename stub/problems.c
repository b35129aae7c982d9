#include "stub/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { PROBLEMS_MAX = 500 };

void kb_problems_add(struct kb_problems *p, int code, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	if (p->n == PROBLEMS_MAX)
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		kb_no_memory();
	va_end(ap);
	p->at = kb_grow(p->at, p->n, &p->cap, sizeof(*p->at));
	p->at[p->n++] = (struct kb_problem){.code = code, .text = text};
}

int kb_problems_take(struct kb_problems *p, int rc, const struct kb_err *err)
{
	if (rc < 0)
		kb_problems_add(p, rc, "%s", err->text);
	return rc;
}

int kb_problems_result(const struct kb_problems *p, struct kb_err *err)
{
	if (p->n == 0)
		return 0;
	if (p->n == 1)
		return kb_err_set(err, p->at[0].code, "%s", p->at[0].text);
	return kb_err_set(err, p->at[0].code, "%s (and %zu more, see above)", p->at[0].text,
			  p->n - 1);
}

void kb_problems_print(const struct kb_problems *p)
{
	for (size_t i = 0; p->n > 1 && i < p->n; i++) {
		char shown[KB_ERR_TEXT_MAX * 4];

		kb_escape(shown, sizeof(shown), p->at[i].text, strlen(p->at[i].text));
		fprintf(stderr, "keybuzz: problem %zu of %zu (%s): %s\n", i + 1, p->n,
			kb_code_class(p->at[i].code), shown);
	}
}

void kb_problems_json(const struct kb_problems *p, struct kb_json *j)
{
	kb_json_array(j);
	for (size_t i = 0; i < p->n; i++) {
		kb_json_object(j);
		kb_json_key_u64(j, "exit", (uint64_t)-p->at[i].code);
		kb_json_key_text(j, "class", kb_code_class(p->at[i].code));
		kb_json_key_text(j, "text", p->at[i].text);
		kb_json_object_end(j);
	}
	kb_json_array_end(j);
}

void kb_problems_free(struct kb_problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->at[i].text);
	free(p->at);
	*p = (struct kb_problems)KB_PROBLEMS_INIT;
}
