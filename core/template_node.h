/* What the parser makes and the renderer reads; for template_*.c only.
 *
 * Nodes stand in one array in the order of the text. A section is followed by
 * what is inside it, and `end` is the index of the first node behind it.
 */
#ifndef CORE_TEMPLATE_NODE_H
#define CORE_TEMPLATE_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/template.h"

struct kb_template_node {
	bool is_text;
	/* Text that begins a line of the template: where the indentation of a
	 * standalone partial goes. May be empty, before a tag. */
	bool begins_line;
	enum kb_template_kind kind; /* of a tag */
	size_t line, column;
	const char *text; /* the text; of a standalone partial its indentation */
	size_t len;
	char *name;
	size_t end;
};

struct kb_template {
	char *name;
	char *text; /* nodes point into it */
	size_t len;
	struct kb_template_node *nodes;
	size_t n, cap;
};

#endif
