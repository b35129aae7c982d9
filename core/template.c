#include "core/template_node.h"

#include <assert.h>
#include <stdlib.h>

int kb_template_names(const struct kb_template *t, kb_template_ref_fn *fn, void *arg)
{
	const char *within[KB_TEMPLATE_NESTING_MAX];
	size_t ends[KB_TEMPLATE_NESTING_MAX], depth = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct kb_template_node *node = &t->nodes[i];
		struct kb_template_ref ref = {node->kind,   node->name, node->line,
					      node->column, within,     depth};
		int r;

		while (depth > 0 && ends[depth - 1] <= i)
			ref.nwithin = --depth;
		if (node->is_text)
			continue;
		r = fn(arg, &ref);
		if (r != 0)
			return r;
		if (node->kind == KB_TEMPLATE_SECTION) {
			assert(depth < KB_TEMPLATE_NESTING_MAX); /* the parser counted */
			within[depth] = node->name;
			ends[depth++] = node->end;
		}
	}
	return 0;
}

const char *kb_template_name(const struct kb_template *t)
{
	return t->name;
}

void kb_template_free(struct kb_template *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->nodes[i].name);
	free(t->nodes);
	free(t->text);
	free(t->name);
	free(t);
}

void kb_template_cleanup(struct kb_template **t)
{
	kb_template_free(*t);
}
