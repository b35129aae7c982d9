#include "builder/role.h"
#include "builder/pinned.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/site_tree.h"
#include "core/name.h"

enum { MEMORY_MAX_MIB = 16 * 1024 * 1024 };

char *kb_role_source(struct kb_site_load *l, const struct kb_schema *in, struct kb_role *role,
		     const struct kb_yaml_node *node, const char *what)
{
	kb_autofree char *path = NULL;
	struct kb_err err;
	const char *text;
	int fd;

	if (!kb_schema_as_text(in, node, what, &text))
		return NULL;
	if (kb_name_check_relative(text, &err) < 0) {
		kb_schema_fault(in, node, "%s: %s", what, err.text);
		return NULL;
	}
	if (strncmp(text, KB_PINNED_FOLDER, strlen(KB_PINNED_FOLDER)) == 0) {
		path = kb_pinned_source(l, in, node, text, what);
		if (path)
			kb_site_load_strings_add(&role->files, path);
		return kb_steal(path);
	}
	if (strncmp(text, "lib/", 4) == 0)
		path = kb_strdup(text);
	else
		path = kb_format("roles/%s/%s", role->name, text);
	if (l->payloadfd < 0) {
		kb_schema_fault(in, node, "%s: there is no folder %s", what, l->site->payload);
		return NULL;
	}
	fd = kb_site_tree_open(l->payloadfd, path, &err);
	if (fd < 0) {
		kb_schema_fault(in, node, "%s: payload/%s", what, err.text);
		return NULL;
	}
	close(fd);
	kb_site_load_strings_add(&role->files, path);
	return kb_steal(path);
}

static bool is_host_word(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(text);
}

static bool is_stack(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
	       strlen(text);
}

static void load_select(struct kb_schema_map *top, struct kb_role *role)
{
	struct kb_schema_map map;

	kb_schema_open(top->in, kb_schema_need(top, "select"), "select", &map);
	role->select_role = kb_schema_word(&map, "role", "", is_host_word, "a ROLE");
	role->select_subrole = kb_schema_word(&map, "subrole", "", is_host_word, "a SUBROLE");
	role->select_stack = kb_schema_word(&map, "stack", "", is_stack, "a DOCKER_STACK");
	kb_schema_close(&map);
}

static uint32_t count_hosts(const struct kb_site *site, const struct kb_role *role)
{
	struct kb_inventory_filter filter = {
		.role = role->select_role[0] ? role->select_role : NULL,
		.subrole = role->select_subrole[0] ? role->select_subrole : NULL,
		.stack = role->select_stack[0] ? role->select_stack : NULL,
	};
	size_t at = 0;
	uint32_t n = 0;

	while (kb_inventory_next(site->inventory, &filter, &at))
		n++;
	return n;
}

static void load_hosts(const struct kb_site_load *l, struct kb_schema_map *top,
		       struct kb_role *role)
{
	const struct kb_yaml_node *node = kb_schema_take(top, "hosts");
	struct kb_schema_map map;
	uint32_t n;

	if (!kb_schema_open(top->in, node, "hosts", &map))
		return;
	role->hosts_min = (uint32_t)kb_schema_number(&map, "min", 0, KB_INVENTORY_HOSTS_MAX, 0);
	role->hosts_odd = kb_schema_bool(&map, "odd", false);
	kb_schema_close(&map);
	if (!l->site->inventory)
		return;
	n = count_hosts(l->site, role);
	if (n < role->hosts_min)
		kb_schema_fault(top->in, node,
				"hosts: %u of %s match \"select\", at least %u are needed", n,
				l->site->inventory_file, role->hosts_min);
	else if (role->hosts_odd && n && n % 2 == 0)
		kb_schema_fault(top->in, node,
				"hosts: %u of %s match \"select\", an odd number is needed", n,
				l->site->inventory_file);
}

static int by_number(const void *a, const void *b)
{
	uint16_t x = *(const uint16_t *)a, y = *(const uint16_t *)b;

	return (x > y) - (x < y);
}

static void load_ports(struct kb_schema_map *top, struct kb_role *role)
{
	const struct kb_yaml_node *node = kb_schema_take(top, "ports");
	uint64_t port;

	if (!node || !kb_schema_as_list(top->in, node, "ports"))
		return;
	role->ports = kb_alloc(node->n, sizeof(*role->ports));
	for (size_t i = 0; i < node->n; i++) {
		const struct kb_yaml_node *item = node->members[i].value;

		if (!kb_schema_as_number(top->in, item, "ports", 1, 65535, &port))
			continue;
		for (size_t j = 0; j < role->n_ports; j++)
			if (role->ports[j] == port)
				kb_schema_fault(top->in, item, "ports: %llu stands twice",
						(unsigned long long)port);
		role->ports[role->n_ports++] = (uint16_t)port;
	}
	if (role->n_ports)
		qsort(role->ports, role->n_ports, sizeof(*role->ports), by_number);
}

static void report_unknown_image(const struct kb_schema *in, const struct kb_yaml_node *node,
				 const struct kb_site *site, const char *name)
{
	kb_autofree const char **names = kb_alloc(site->n_images, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < site->n_images; i++)
		names[i] = site->images[i].name;
	near = kb_schema_nearest(name, names, site->n_images);
	kb_schema_fault(in, node, "images: images.yaml has no \"%.100s\"%s%s%s", name,
			near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void load_images(const struct kb_site_load *l, struct kb_schema_map *top,
			struct kb_role *role)
{
	const struct kb_yaml_node *node = kb_schema_take(top, "images");
	const char *text;

	if (!node || !kb_schema_as_list(top->in, node, "images"))
		return;
	for (size_t i = 0; i < node->n; i++) {
		const struct kb_yaml_node *item = node->members[i].value;

		if (!kb_schema_as_text(top->in, item, "images", &text))
			continue;
		if (!kb_site_image(l->site, text))
			report_unknown_image(top->in, item, l->site, text);
		kb_site_load_strings_add(&role->images, text);
	}
	kb_site_load_strings_sort(&role->images);
}

static void load_files(struct kb_site_load *l, struct kb_schema_map *top, struct kb_role *role)
{
	const struct kb_yaml_node *node = kb_schema_take(top, "files");

	if (!node || !kb_schema_as_list(top->in, node, "files"))
		return;
	for (size_t i = 0; i < node->n; i++)
		free(kb_role_source(l, top->in, role, node->members[i].value, "files"));
}

/* The site's variables under the role's. */
static void load_variables(const struct kb_site *site, struct kb_schema_map *top,
			   struct kb_role *role)
{
	struct kb_value *own = kb_site_load_variables(top->in, kb_schema_take(top, "variables"));

	role->variables = kb_value_map();
	for (size_t i = 0; i < kb_value_count(site->variables); i++)
		kb_value_set(role->variables, kb_value_key(site->variables, i),
			     kb_value_ref((struct kb_value *)kb_value_at(site->variables, i)));
	for (size_t i = 0; i < kb_value_count(own); i++)
		kb_value_set(role->variables, kb_value_key(own, i),
			     kb_value_ref((struct kb_value *)kb_value_at(own, i)));
	kb_value_free(own);
}

static bool is_docker(const char *text)
{
	return strcmp(text, "docker") == 0;
}

static void load_keys(struct kb_site_load *l, struct kb_schema_map *top, struct kb_role *role)
{
	const struct kb_yaml_node *name = kb_schema_need(top, "role");
	const char *text;

	if (name && kb_schema_as_text(top->in, name, "role", &text) &&
	    strcmp(text, role->name) != 0)
		kb_schema_fault(top->in, name, "role: \"%.100s\" in the file %s.yaml", text,
				role->name);
	role->summary = kb_schema_text(top, "summary", NULL);
	load_select(top, role);
	load_hosts(l, top, role);
	role->engine = kb_schema_word(top, "engine", "", is_docker, "docker");
	role->memory_mib = (uint32_t)kb_schema_number(top, "memory", 1, MEMORY_MAX_MIB, 0);
	load_ports(top, role);
	kb_role_credentials_load(l, top, role);
	load_images(l, top, role);
	load_variables(l->site, top, role);
	load_files(l, top, role);
	kb_role_steps_load(l, top, role);
}

/* All of payload/lib is carried by every role. */
static void add_library(struct kb_site_load *l, struct kb_role *role)
{
	struct kb_err err;
	char **paths;
	size_t n;
	int r;

	if (l->payloadfd < 0)
		return;
	r = kb_site_tree_walk(l->payloadfd, "lib", &paths, &n, &err);
	if (r == KB_E_MISSING)
		return;
	if (r < 0) {
		kb_diag_add(l->diag, l->site->payload, 0, 0, "%s", err.text);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		kb_site_load_strings_add(&role->files, paths[i]);
		free(paths[i]);
	}
	free(paths);
}

/* Strings are never NULL, also when the file could not be read. */
static void fill_blanks(struct kb_role *role)
{
	char **strings[] = {&role->summary, &role->select_role, &role->select_subrole,
			    &role->select_stack, &role->engine};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (!*strings[i])
			*strings[i] = kb_strdup("");
	if (!role->variables)
		role->variables = kb_value_map();
}

void kb_role_take(struct kb_site_load *l, const struct kb_yaml_node *root, struct kb_role *role)
{
	struct kb_schema in = {role->file, l->diag};
	struct kb_schema_map top;

	kb_schema_open(&in, root, "role", &top);
	if (top.node) {
		load_keys(l, &top, role);
		add_library(l, role);
	}
	kb_schema_close(&top);
	kb_site_load_strings_sort(&role->files);
	fill_blanks(role);
}

void kb_role_load(struct kb_site_load *l, const char *path, struct kb_role *role)
{
	kb_autoyaml struct kb_yaml *yaml = NULL;
	const char *base = strrchr(path, '/') + 1;

	role->name = kb_strndup(base, strlen(base) - strlen(".yaml"));
	role->file = kb_site_load_shown(l, path);
	role->pos = (struct kb_pos){role->file, 1, 1};
	if (!kb_site_load_is_id(role->name))
		kb_diag_add(l->diag, role->file, 0, 0,
			    "\"%.100s\" is not a role's name; use a-z, 0-9 and -", role->name);
	else
		kb_yaml_load(l->dirfd, path, role->file, l->diag, &yaml, NULL);
	kb_role_take(l, yaml ? kb_yaml_root(yaml) : NULL, role);
}

static void free_step(struct kb_step *step)
{
	free(step->id);
	free(step->source);
	free(step->target);
	for (size_t i = 0; i < step->n_args; i++)
		free(step->args[i]);
	free(step->args);
	for (size_t i = 0; i < step->n_watch; i++)
		free(step->watch[i]);
	free(step->watch);
}

void kb_role_free(struct kb_role *role)
{
	free(role->name);
	free(role->file);
	free(role->summary);
	free(role->select_role);
	free(role->select_subrole);
	free(role->select_stack);
	free(role->engine);
	free(role->ports);
	for (size_t i = 0; i < role->n_credentials; i++)
		kb_credential_free(&role->credentials[i]);
	free(role->credentials);
	kb_site_load_strings_free(&role->images);
	kb_site_load_strings_free(&role->files);
	kb_site_load_strings_free(&role->groups);
	kb_value_free(role->variables);
	for (size_t i = 0; i < role->n_steps; i++)
		free_step(&role->steps[i]);
	free(role->steps);
}
