/* What a role's hosts are given of credentials.yaml. */
#include <stdlib.h>
#include <string.h>

#include "builder/credentials.h"
#include "builder/role.h"

/* By its name, and of MODULE unless that is NULL. */
static bool has(const struct kb_role *role, const char *module, const char *variable)
{
	for (size_t i = 0; i < role->n_credentials; i++)
		if (strcmp(role->credentials[i].variable, variable) == 0 &&
		    (!module || strcmp(role->credentials[i].module, module) == 0))
			return true;
	return false;
}

static void add(struct kb_role *role, const struct kb_credential *c)
{
	role->credentials =
		kb_realloc(role->credentials, role->n_credentials + 1, sizeof(*role->credentials));
	kb_credential_copy(&role->credentials[role->n_credentials++], c);
}

static void report_unknown(const struct kb_schema *in, const struct kb_yaml_node *node,
			   const struct kb_site *site, const char *module, const char *variable)
{
	kb_autofree const char **names = kb_alloc(site->n_credentials, sizeof(*names));
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < site->n_credentials; i++)
		if (strcmp(site->credentials[i].module, module) == 0)
			names[n++] = site->credentials[i].variable;
	near = kb_schema_nearest(variable, names, n);
	kb_schema_fault(in, node, "%s: " KB_CREDENTIALS_FILE " has no \"%.100s\"%s%s%s", module,
			variable, near ? "; did you mean \"" : "", near ? near : "",
			near ? "\"?" : "");
}

static void take_variable(struct kb_schema_map *map, const struct kb_yaml_node *node,
			  const char *module, const struct kb_site *site, struct kb_role *role)
{
	const struct kb_credential *c;
	const char *text;

	if (!kb_schema_as_text(map->in, node, module, &text))
		return;
	c = kb_site_credential(site, module, text);
	if (!c)
		report_unknown(map->in, node, site, module, text);
	else if (has(role, NULL, text)) /* templates say credentials.VARIABLE, without it */
		kb_schema_fault(map->in, node, "%s: \"%s\" stands twice", module, text);
	else
		add(role, c);
}

/* The rest of MODULE.env, as the journal hands it out. */
static void take_whole_file(struct kb_schema_map *map, const struct kb_yaml_node *node,
			    const char *module, const struct kb_site *site, struct kb_role *role)
{
	for (size_t i = 0; i < site->n_credentials; i++) {
		const struct kb_credential *c = &site->credentials[i];

		if (strcmp(c->module, module) != 0 || has(role, module, c->variable))
			continue;
		if (has(role, NULL, c->variable))
			kb_schema_fault(map->in, node, "%s: \"%s\" is in another file too", module,
					c->variable);
		else
			add(role, c);
	}
}

static bool has_module(const struct kb_site *site, const char *module)
{
	for (size_t i = 0; i < site->n_credentials; i++)
		if (strcmp(site->credentials[i].module, module) == 0)
			return true;
	return false;
}

static void take_module(struct kb_schema_map *map, const struct kb_yaml_member *m,
			const struct kb_site *site, struct kb_role *role)
{
	if (!kb_schema_as_list(map->in, m->value, m->key))
		return;
	if (!has_module(site, m->key)) {
		kb_diag_add(map->in->diag, map->in->file, m->line, m->column,
			    "credentials: " KB_CREDENTIALS_FILE " has no \"%.100s\"", m->key);
		return;
	}
	for (size_t i = 0; i < m->value->n; i++)
		take_variable(map, m->value->members[i].value, m->key, site, role);
	if (!site->credentials_least)
		take_whole_file(map, m->value, m->key, site, role);
}

static int compare(const void *a, const void *b)
{
	return kb_credential_compare(a, b);
}

void kb_role_credentials_load(struct kb_site_load *l, struct kb_schema_map *top,
			      struct kb_role *role)
{
	const struct kb_yaml_node *node = kb_schema_take(top, "credentials");
	struct kb_schema_map map;

	if (l->site->credentials_refused || !kb_schema_open(top->in, node, "credentials", &map))
		return;
	for (size_t i = 0; i < map.node->n; i++) {
		map.taken[i] = true;
		take_module(&map, &map.node->members[i], l->site, role);
	}
	kb_schema_close(&map);
	if (role->n_credentials)
		qsort(role->credentials, role->n_credentials, sizeof(*role->credentials), compare);
}
