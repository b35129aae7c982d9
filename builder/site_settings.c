#include "builder/site_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/site_tree.h"
#include "core/day.h"
#include "core/format.h"
#include "core/name.h"
#include "core/netaddr.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Where templates find what is not a variable; docs/manifest.md. */
static const char *const reserved[] = {"host", "peers", "others", "groups",     "stacks",
				       "site", "role",  "image",  "credentials"};

struct kb_value *kb_site_load_variables(const struct kb_schema *in, const struct kb_yaml_node *node)
{
	struct kb_schema_map map;

	if (!kb_schema_open(in, node, "variables", &map))
		return kb_value_map();
	for (size_t i = 0; i < node->n; i++) {
		const struct kb_yaml_member *m = &node->members[i];

		map.taken[i] = true;
		for (size_t j = 0; j < sizeof(reserved) / sizeof(reserved[0]); j++)
			if (strcmp(m->key, reserved[j]) == 0)
				kb_diag_add(in->diag, in->file, m->line, m->column,
					    "\"%s\" is no name for a variable: templates have it "
					    "already",
					    m->key);
	}
	kb_schema_close(&map);
	return kb_schema_value(in, node, "variables");
}

static bool is_version(const char *text)
{
	size_t len = strlen(text);

	return len <= 64 && strchr(LOWER UPPER DIGITS, text[0]) &&
	       strspn(text, LOWER UPPER DIGITS ".+~_-") == len;
}

static bool is_arch(const char *text)
{
	return strcmp(text, "x86_64") == 0 || strcmp(text, "aarch64") == 0;
}

bool kb_site_settings_is_mirror(const char *text)
{
	const char *host = strncmp(text, "http://", 7) == 0    ? text + 7
			   : strncmp(text, "https://", 8) == 0 ? text + 8
							       : "";

	return *host && strchr(LOWER DIGITS, *host) && !strpbrk(text, " \"'\\$`<>|;&");
}

static bool is_credentials_policy(const char *text)
{
	return strcmp(text, "journal") == 0 || strcmp(text, "least") == 0;
}

static bool is_path(const char *text)
{
	return kb_name_check_relative(text, NULL) == 0;
}

/* "10.0.0.0/16"; the bits behind the prefix are zero. */
static bool parse_network(const char *text, uint32_t *ret_ip, uint32_t *ret_mask)
{
	const char *slash = strchr(text, '/');
	kb_autofree char *address = slash ? kb_strndup(text, (size_t)(slash - text)) : NULL;
	size_t digits = slash ? strspn(slash + 1, DIGITS) : 0;
	unsigned bits;

	if (!address || !kb_netaddr_parse(address, ret_ip) || digits < 1 || digits > 2 ||
	    slash[1 + digits] || slash[1] == '0')
		return false;
	bits = (unsigned)strtoul(slash + 1, NULL, 10);
	if (bits > 32)
		return false;
	*ret_mask = UINT32_MAX << (32 - bits);
	return (*ret_ip & ~*ret_mask) == 0;
}

static bool is_network(const char *text)
{
	uint32_t ip, mask;

	return parse_network(text, &ip, &mask);
}

/* Dotted numbers: "12", "22.04". */
static bool is_os_version(const char *text)
{
	size_t len = strlen(text);

	return len && len <= 32 && strspn(text, DIGITS ".") == len && text[0] != '.' &&
	       text[len - 1] != '.' && !strstr(text, "..");
}

int kb_site_settings_version_cmp(const char *a, const char *b)
{
	while (*a || *b) {
		unsigned long long x = strtoull(a, (char **)&a, 10);
		unsigned long long y = strtoull(b, (char **)&b, 10);

		if (x != y)
			return x < y ? -1 : 1;
		if ((*a && *a != '.') || (*b && *b != '.'))
			return strcmp(a, b);
		a += *a == '.';
		b += *b == '.';
	}
	return 0;
}

static bool is_os_id(const char *text)
{
	return strspn(text, LOWER DIGITS "._-") == strlen(text);
}

static int by_os(const void *a, const void *b)
{
	const struct kb_os *x = a, *y = b;
	int c = strcmp(x->id, y->id);

	return c ? c : kb_site_settings_version_cmp(x->min, y->min);
}

static void load_os(struct kb_schema_map *top, struct kb_site *site)
{
	const struct kb_yaml_node *node = kb_schema_need(top, "os");

	if (!node || !kb_schema_as_list(top->in, node, "os"))
		return;
	if (node->n == 0)
		kb_schema_fault(top->in, node, "os: the list is empty");
	if (node->n > KB_LIST_MAX)
		kb_schema_fault(top->in, node, "os: %zu systems, at most %d", node->n, KB_LIST_MAX);
	site->os = kb_alloc(node->n, sizeof(*site->os));
	for (size_t i = 0; i < node->n; i++) {
		struct kb_os *os = &site->os[site->n_os];
		struct kb_schema_map map;

		if (!kb_schema_open(top->in, node->members[i].value, "os", &map))
			continue;
		os->id = kb_schema_word(&map, "id", NULL, is_os_id, "an ID of os-release");
		os->min = kb_schema_word(&map, "min", NULL, is_os_version, "a version like 12");
		os->max = kb_schema_word(&map, "max", NULL, is_os_version, "a version like 12");
		if (is_os_version(os->min) && is_os_version(os->max) &&
		    kb_site_settings_version_cmp(os->min, os->max) > 0)
			kb_schema_fault(top->in, map.node, "os: \"min\" is above \"max\"");
		kb_schema_close(&map);
		site->n_os++;
	}
	if (site->n_os)
		qsort(site->os, site->n_os, sizeof(*site->os), by_os);
}

static uint64_t load_day(struct kb_schema_map *top, const char *key)
{
	const struct kb_yaml_node *node = kb_schema_take(top, key);
	const char *text;
	uint64_t day;

	if (!node || !kb_schema_as_text(top->in, node, key, &text))
		return 0;
	if (!kb_day_parse(text, &day) || !day)
		kb_schema_fault(top->in, node, "%s: \"%.100s\" is not a day like 2026-01-31", key,
				text);
	return day;
}

static void load_validity(struct kb_schema_map *top, struct kb_site *site)
{
	site->not_before = load_day(top, "not_before");
	site->not_after = load_day(top, "not_after");
	if (site->not_after)
		site->not_after += KB_DAY_SECONDS - 1; /* the day itself is still good */
	if (site->not_after && site->not_after < site->not_before)
		kb_schema_fault(top->in, top->node, "\"not_after\" is before \"not_before\"");
}

static uint64_t need_number(struct kb_schema_map *top, const char *key)
{
	/* below 2^53, so that every reader of JSON shows it as it is */
	const uint64_t max = (UINT64_C(1) << 53) - 1;
	const struct kb_yaml_node *node = kb_schema_need(top, key);
	uint64_t v = 0;

	if (node)
		kb_schema_as_number(top->in, node, key, 0, max, &v);
	return v;
}

static void load_keys(struct kb_schema_map *top, struct kb_site *site)
{
	kb_autofree char *policy = NULL;

	site->product = kb_schema_word(top, "product", NULL, kb_site_load_is_id,
				       "a name; use a-z, 0-9 and -");
	site->version = kb_schema_word(top, "version", NULL, is_version, "a version like 1.0.0");
	site->channel = kb_schema_word(top, "channel", NULL, kb_site_load_is_id,
				       "a name; use a-z, 0-9 and -");
	site->epoch = need_number(top, "epoch");
	site->counter = need_number(top, "counter");
	site->arch = kb_schema_word(top, "arch", NULL, is_arch, "x86_64 or aarch64");
	site->network =
		kb_schema_word(top, "network", NULL, is_network, "a network like 10.0.0.0/16");
	site->mirror = kb_schema_word(top, "mirror", "", kb_site_settings_is_mirror,
				      "an address of a mirror");
	site->inventory_file =
		kb_schema_word(top, "inventory", "servers.tsv", is_path, "a path below the site");
	load_os(top, site);
	load_validity(top, site);
	policy = kb_schema_word(top, "credentials", "least", is_credentials_policy,
				"least or journal");
	site->credentials_least = strcmp(policy, "least") == 0;
	site->variables = kb_site_load_variables(top->in, kb_schema_take(top, "variables"));
}

/* Column, from 1, of the FIELD-th field (from 0) of LINE. */
static size_t field_column(const struct kb_buf *text, size_t line, size_t field)
{
	const char *at = text->data, *end = text->data + text->len;
	size_t column = 1;

	while (--line && at) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	for (; at && at < end && field; at++) {
		field -= *at == '\t';
		column += (*at & 0xc0) != 0x80; /* characters, not bytes */
	}
	return column;
}

/* Is ADDRESS the value of a variable that is called a VIP: `vip`, `x_vip`, or
 * anything in `vips`? Two hosts would answer for it. */
static const char *find_vip(const struct kb_value *value, const char *name, bool inside,
			    const char *address)
{
	size_t len = strlen(name);
	const char *text = kb_value_str(value, NULL), *found = NULL;

	inside = inside || strcmp(name, "vip") == 0 || strcmp(name, "vips") == 0 ||
		 (len > 4 && strcmp(name + len - 4, "_vip") == 0);
	if (text)
		return inside && strcmp(text, address) == 0 ? name : NULL;
	for (size_t i = 0; i < kb_value_count(value) && !found; i++)
		found = find_vip(kb_value_at(value, i),
				 kb_value_kind(value) == KB_VALUE_MAP ? kb_value_key(value, i)
								      : name,
				 inside, address);
	return found;
}

static void check_addresses(const struct kb_site_load *l, const char *shown)
{
	enum { IP_PRIVEE = 3 };
	const struct kb_site *site = l->site;
	uint32_t network, mask;

	if (!parse_network(site->network, &network, &mask))
		return;
	for (size_t i = 0; i < kb_inventory_count(site->inventory); i++) {
		const struct kb_host *host = kb_inventory_at(site->inventory, i);
		const char *vip = find_vip(site->variables, "", false, host->address);
		size_t column = field_column(&site->inventory_text, host->line, IP_PRIVEE);

		if ((host->ip & mask) != network)
			kb_diag_add(l->diag, shown, host->line, column,
				    "%s: address %s is not in the network %s", host->name,
				    host->address, site->network);
		if (vip)
			kb_diag_add(l->diag, shown, host->line, column,
				    "%s: address %s is the virtual one of \"%s\"", host->name,
				    host->address, vip);
	}
}

static void load_inventory(struct kb_site_load *l)
{
	struct kb_site *site = l->site;
	kb_autofree char *shown = kb_site_load_shown(l, site->inventory_file);
	struct kb_err err;

	if (kb_site_tree_read(l->dirfd, site->inventory_file, KB_INVENTORY_MAX,
			      &site->inventory_text, &err) < 0) {
		kb_diag_add(l->diag, shown, 0, 0, "%s", err.text);
		return;
	}
	kb_buf_reserve(&site->inventory_text, 0);
	if (kb_inventory_parse(shown, site->inventory_text.data, site->inventory_text.len,
			       KB_INVENTORY_ENV, l->diag, &site->inventory, &err) < 0)
		return;
	check_addresses(l, shown);
}

static void fill_blanks(struct kb_site *site)
{
	char **strings[] = {&site->product, &site->version, &site->channel,       &site->arch,
			    &site->network, &site->mirror,  &site->inventory_file};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (!*strings[i])
			*strings[i] = kb_strdup("");
	if (!site->variables)
		site->variables = kb_value_map();
}

void kb_site_settings_take(struct kb_site_load *l, const struct kb_yaml_node *root)
{
	kb_autofree char *shown = kb_site_load_shown(l, KB_SITE_FILE);
	struct kb_schema in = {shown, l->diag};
	struct kb_schema_map top;

	kb_schema_open(&in, root, KB_SITE_FILE, &top);
	if (top.node)
		load_keys(&top, l->site);
	kb_schema_close(&top);
	fill_blanks(l->site);
	if (is_path(l->site->inventory_file))
		load_inventory(l);
}

void kb_site_settings_free(struct kb_site *site)
{
	free(site->product);
	free(site->version);
	free(site->channel);
	free(site->arch);
	free(site->network);
	free(site->mirror);
	free(site->inventory_file);
	for (size_t i = 0; i < site->n_os; i++) {
		free(site->os[i].id);
		free(site->os[i].min);
		free(site->os[i].max);
	}
	free(site->os);
	kb_value_free(site->variables);
	kb_inventory_free(site->inventory);
	kb_buf_free(&site->inventory_text);
}
