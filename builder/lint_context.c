#include "builder/lint.h"

#include <stdlib.h>
#include <string.h>

/* What only the host knows is shown by a sample of one element; its value does
 * not matter, its names and its being text, list or truth do. */

static void set_text(struct kb_value *map, const char *key, const char *text)
{
	kb_value_set(map, key, kb_value_text(text));
}

static struct kb_value *sample_host(void)
{
	static const char *const keys[] = {"name",  "address", "role", "subrole",
					   "stack", "fqdn",    "pool"};
	struct kb_value *host = kb_value_map();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		set_text(host, keys[i], "x");
	return host;
}

static struct kb_value *sample_peers(void)
{
	static const char *const flags[] = {"self", "first", "last"};
	struct kb_value *list = kb_value_list(), *peer = sample_host();

	set_text(peer, "index", "1");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		kb_value_set(peer, flags[i], kb_value_bool(true));
	kb_value_push(list, peer);
	return list;
}

/* Mustache's dotted names leave no room for other signs. */
static char *underscored(const char *name)
{
	char *copy = kb_strdup(name);

	for (char *p = copy; *p; p++)
		if (*p == '-')
			*p = '_';
	return copy;
}

/* By role, or by stack. */
static struct kb_value *groups(const struct kb_inventory *inventory, bool by_stack)
{
	struct kb_value *map = kb_value_map();

	for (size_t i = 0; i < kb_inventory_count(inventory); i++) {
		const struct kb_host *host = kb_inventory_at(inventory, i);
		kb_autofree char *name = underscored(by_stack ? host->stack : host->role);

		if (*name)
			kb_value_set(map, name, sample_peers());
	}
	return map;
}

static struct kb_value *images(const struct kb_role *role)
{
	struct kb_value *map = kb_value_map();

	for (size_t i = 0; i < role->images.n; i++) {
		kb_autofree char *name = underscored(role->images.v[i]);
		struct kb_value *image = kb_value_map();

		set_text(image, "id", "sha256:x");
		set_text(image, "reference", "x:x");
		kb_value_set(map, name, image);
	}
	return map;
}

static struct kb_value *credentials(const struct kb_role *role)
{
	struct kb_value *map = kb_value_map();

	for (size_t i = 0; i < role->n_credentials; i++)
		kb_value_set(map, role->credentials[i].variable, kb_value_secret("x", 1));
	return map;
}

struct kb_value *kb_lint_context(const struct kb_site *site, const struct kb_role *role)
{
	struct kb_value *context = kb_value_map(), *map;

	for (size_t i = 0; i < kb_value_count(role->variables); i++)
		kb_value_set(context, kb_value_key(role->variables, i),
			     kb_value_ref((struct kb_value *)kb_value_at(role->variables, i)));
	kb_value_set(context, "host", sample_host());
	kb_value_set(context, "peers", sample_peers());
	kb_value_set(context, "others", sample_peers());
	kb_value_set(context, "groups", groups(site->inventory, false));
	kb_value_set(context, "stacks", groups(site->inventory, true));
	map = kb_value_map();
	set_text(map, "product", site->product);
	set_text(map, "version", site->version);
	set_text(map, "channel", site->channel);
	set_text(map, "network", site->network);
	kb_value_set(context, "site", map);
	map = kb_value_map();
	set_text(map, "name", role->name);
	set_text(map, "version", site->version);
	kb_value_set(context, "role", map);
	kb_value_set(context, "image", images(role));
	kb_value_set(context, "credentials", credentials(role));
	return context;
}
