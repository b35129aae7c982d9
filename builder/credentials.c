#include "builder/credentials.h"

#include <stdlib.h>
#include <string.h>

static bool is_module(const char *text)
{
	return text[0] >= 'a' && text[0] <= 'z' && kb_site_load_is_id(text);
}

static int compare(const void *a, const void *b)
{
	return kb_credential_compare(a, b);
}

static struct kb_credential *find(const struct kb_site *site, const char *module,
				  const char *variable)
{
	struct kb_credential wanted = {.module = (char *)module, .variable = (char *)variable};

	return bsearch(&wanted, site->credentials, site->n_credentials, sizeof(wanted), compare);
}

/* Exactly one of the kinds' keys. */
static void load_kind(struct kb_schema_map *map, struct kb_credential *c)
{
	size_t kinds = 0;

	if (kb_schema_has(map, "value") && ++kinds)
		c->kind = KB_CREDENTIAL_VALUE;
	if (kb_schema_has(map, "secret") && ++kinds)
		c->kind = KB_CREDENTIAL_SECRET;
	if (kb_schema_has(map, "verifier") && ++kinds)
		c->kind = KB_CREDENTIAL_VERIFIER;
	free(c->text);
	if (c->kind == KB_CREDENTIAL_VERIFIER)
		c->text = kb_schema_word(map, "verifier", "", kb_credential_is_variable,
					 "the variable of a password");
	else
		c->text = kb_schema_word(map, "value", "", kb_credential_is_value,
					 "a default of letters, digits and ._:/@+,-");
	c->length = (uint16_t)kb_schema_number(map, "secret", KB_CREDENTIAL_MAKE_MIN,
					       KB_CREDENTIAL_MAKE_MAX, 0);
	if (map->node && kinds != 1)
		kb_schema_fault(map->in, map->node,
				"%s: exactly one of \"value\", \"secret\" and \"verifier\"",
				c->variable);
}

static void load_variable(const struct kb_schema *in, const char *module,
			  const struct kb_yaml_member *m, struct kb_site *site)
{
	struct kb_credential c = {kb_strdup(module), kb_strdup(m->key), 0, 0, kb_strdup("")};
	struct kb_schema_map map;

	if (!kb_credential_is_variable(m->key))
		kb_diag_add(in->diag, in->file, m->line, m->column,
			    "\"%.100s\" is not a name like REDIS_PASSWORD", m->key);
	if (kb_schema_open(in, m->value, m->key, &map))
		load_kind(&map, &c);
	kb_schema_close(&map);
	site->credentials =
		kb_realloc(site->credentials, site->n_credentials + 1, sizeof(*site->credentials));
	site->credentials[site->n_credentials++] = c;
}

static void load_module(const struct kb_schema *in, const struct kb_yaml_member *m,
			struct kb_site *site)
{
	struct kb_schema_map map;

	if (!is_module(m->key))
		kb_diag_add(in->diag, in->file, m->line, m->column,
			    "\"%.100s\" is not the name of a credentials file; use a-z, 0-9 and -",
			    m->key);
	if (kb_schema_open(in, m->value, m->key, &map))
		for (size_t i = 0; i < map.node->n; i++) {
			map.taken[i] = true;
			load_variable(in, m->key, &map.node->members[i], site);
		}
	kb_schema_close(&map);
}

/* A verifier has the length of its password, which stands in the same file:
 * whoever is given the verifier alone can still make both. */
static void join_verifier(const struct kb_schema *in, const char *module,
			  const struct kb_yaml_member *m, struct kb_site *site)
{
	struct kb_credential *c = find(site, module, m->key);
	const struct kb_credential *password;

	if (!c || c->kind != KB_CREDENTIAL_VERIFIER || !*c->text)
		return;
	password = find(site, module, c->text);
	if (password && password->kind == KB_CREDENTIAL_SECRET)
		c->length = password->length;
	else
		kb_schema_fault(in, m->value, "%s: \"%s\" is no secret of %s", m->key, c->text,
				module);
}

static void join_verifiers(const struct kb_schema *in, const struct kb_yaml_node *modules,
			   struct kb_site *site)
{
	for (size_t i = 0; i < modules->n; i++) {
		const struct kb_yaml_node *module = modules->members[i].value;

		for (size_t j = 0; module->kind == KB_YAML_MAP && j < module->n; j++)
			join_verifier(in, modules->members[i].key, &module->members[j], site);
	}
}

static void load_modules(struct kb_schema_map *top, struct kb_site *site)
{
	struct kb_schema_map map;

	if (!kb_schema_open(top->in, kb_schema_need(top, "credentials"), "credentials", &map))
		return;
	for (size_t i = 0; i < map.node->n; i++) {
		map.taken[i] = true;
		load_module(top->in, &map.node->members[i], site);
	}
	if (site->n_credentials)
		qsort(site->credentials, site->n_credentials, sizeof(*site->credentials), compare);
	join_verifiers(top->in, map.node, site);
	kb_schema_close(&map);
}

void kb_site_credentials_take(struct kb_site_load *l, const struct kb_yaml_node *root)
{
	kb_autofree char *shown = kb_site_load_shown(l, KB_CREDENTIALS_FILE);
	struct kb_schema in = {shown, l->diag};
	struct kb_schema_map top;

	l->site->credentials_refused = !root;
	if (kb_schema_open(&in, root, KB_CREDENTIALS_FILE, &top))
		load_modules(&top, l->site);
	kb_schema_close(&top);
}

const struct kb_credential *kb_site_credential(const struct kb_site *site, const char *module,
					       const char *variable)
{
	return find(site, module, variable);
}
