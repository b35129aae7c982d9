#include "core/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { LINE_MAX_SHOWN = 2048 };

static char *format_v(const char *fmt, va_list ap)
{
	char text[LINE_MAX_SHOWN];

	vsnprintf(text, sizeof(text), fmt, ap);
	return kb_strdup(text);
}

void kb_diag_add(struct kb_diag *diag, const char *file, size_t line, size_t column,
		 const char *fmt, ...)
{
	struct kb_diag_item *item;
	va_list ap;

	if (diag->n == KB_DIAG_MAX) {
		diag->dropped++;
		return;
	}
	diag->items = kb_grow(diag->items, diag->n, &diag->cap, sizeof(*diag->items));
	item = &diag->items[diag->n];
	item->file = kb_strdup(file);
	item->line = line;
	item->column = column;
	item->order = diag->n++;
	va_start(ap, fmt);
	item->text = format_v(fmt, ap);
	va_end(ap);
}

size_t kb_diag_count(const struct kb_diag *diag)
{
	return diag->n + diag->dropped;
}

static int number_cmp(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int item_cmp(const void *a, const void *b)
{
	const struct kb_diag_item *x = a, *y = b;
	int r = strcmp(x->file, y->file);

	if (r == 0)
		r = number_cmp(x->line, y->line);
	if (r == 0)
		r = number_cmp(x->column, y->column);
	return r ? r : number_cmp(x->order, y->order);
}

void kb_diag_sort(struct kb_diag *diag)
{
	if (diag->n > 1)
		qsort(diag->items, diag->n, sizeof(*diag->items), item_cmp);
}

/* "FILE:LINE:COLUMN: TEXT", without what is not known. */
static void item_text(const struct kb_diag_item *item, char *out, size_t cap)
{
	if (item->line && item->column)
		snprintf(out, cap, "%s:%zu:%zu: %s", item->file, item->line, item->column,
			 item->text);
	else if (item->line)
		snprintf(out, cap, "%s:%zu: %s", item->file, item->line, item->text);
	else
		snprintf(out, cap, "%s: %s", item->file, item->text);
}

void kb_diag_print(const struct kb_diag *diag, FILE *out)
{
	char text[LINE_MAX_SHOWN], shown[4 * LINE_MAX_SHOWN];

	for (size_t i = 0; i < diag->n; i++) {
		item_text(&diag->items[i], text, sizeof(text));
		kb_escape(shown, sizeof(shown), text, strlen(text));
		fprintf(out, "%s\n", shown);
	}
	if (diag->dropped)
		fprintf(out, "and %zu more\n", diag->dropped);
}

int kb_diag_result(const struct kb_diag *diag, size_t since, int code, struct kb_err *err)
{
	size_t found = kb_diag_count(diag) - since;
	char text[LINE_MAX_SHOWN];

	if (found == 0)
		return 0;
	if (since >= diag->n)
		return kb_err_set(err, code, "%zu more findings than are kept", found);
	item_text(&diag->items[since], text, sizeof(text));
	if (found == 1)
		return kb_err_set(err, code, "%.900s", text);
	return kb_err_set(err, code, "%.900s (and %zu more)", text, found - 1);
}

void kb_diag_free(struct kb_diag *diag)
{
	for (size_t i = 0; i < diag->n; i++) {
		free(diag->items[i].file);
		free(diag->items[i].text);
	}
	free(diag->items);
	diag->items = NULL;
	diag->n = diag->cap = diag->dropped = 0;
}
