/* YAML of an author: the tree is bounded, its positions lie in the text, and
 * keys of a map are unique. */
#include "tests/fuzz/fuzz.h"

#include "builder/schema.h"

static size_t check_node(const struct kb_yaml_node *node, unsigned depth)
{
	size_t seen = 1;

	KB_MUST(depth <= KB_YAML_NESTING_MAX && node->line > 0 && node->column > 0);
	if (node->kind == KB_YAML_TEXT)
		KB_MUST(strlen(node->text) == node->len);
	for (size_t i = 0; i < node->n; i++) {
		const struct kb_yaml_member *m = &node->members[i];

		KB_MUST((node->kind == KB_YAML_MAP) == (m->key != NULL));
		for (size_t j = 0; m->key && j < i; j++)
			KB_MUST(strcmp(m->key, node->members[j].key) != 0);
		seen += check_node(m->value, depth + 1);
	}
	return seen;
}

KB_FUZZ(yaml)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	kb_autoyaml struct kb_yaml *yaml = NULL;
	struct kb_schema in = {"f", &diag};
	struct kb_err err = {.code = 0};

	if (kb_yaml_parse("f", (const char *)data, len, &diag, &yaml, &err) < 0) {
		KB_MUST(kb_diag_count(&diag) > 0);
		return 0;
	}
	KB_MUST(check_node(kb_yaml_root(yaml), 0) <= KB_YAML_NODES_MAX);
	kb_value_free(kb_schema_value(&in, kb_yaml_root(yaml), "variables"));
	kb_diag_sort(&diag);
	return 0;
}
