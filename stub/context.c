#include "stub/context.h"

#include <string.h>

#include "core/mem.h"
#include "stub/target.h"

static void set_text(struct kb_value *map, const char *key, const char *text)
{
	kb_value_set(map, key, kb_value_text(text));
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

static struct kb_value *host_value(const struct kb_host *host)
{
	struct kb_value *map = kb_value_map();

	set_text(map, "name", host->name);
	set_text(map, "address", host->address);
	set_text(map, "role", host->role);
	set_text(map, "subrole", host->subrole);
	set_text(map, "stack", host->stack);
	set_text(map, "fqdn", host->fqdn);
	set_text(map, "pool", host->pool);
	return map;
}

/* Which hosts a list is made of, and how its members look. */
struct selection {
	const struct kb_inventory *inventory;
	struct kb_inventory_filter filter;
	const struct kb_host *self;
	bool without_self;
};

static size_t count(const struct selection *s)
{
	size_t at = 0, n = 0;
	const struct kb_host *host;

	while ((host = kb_inventory_next(s->inventory, &s->filter, &at)))
		n += !(s->without_self && host == s->self);
	return n;
}

/* INDEX is the host's number among all peers, so it is the same in every list
 * and on every host; first and last speak of the list itself. */
static struct kb_value *peer_value(const struct selection *s, const struct kb_host *host,
				   size_t index, bool first, bool last)
{
	struct kb_value *map = host_value(host);

	kb_value_set(map, "index", kb_value_format("%zu", index));
	kb_value_set(map, "self", kb_value_bool(host == s->self));
	kb_value_set(map, "first", kb_value_bool(first));
	kb_value_set(map, "last", kb_value_bool(last));
	return map;
}

static struct kb_value *hosts_value(const struct selection *s)
{
	struct kb_value *list = kb_value_list();
	size_t at = 0, index = 0, n = 0, total = count(s);
	const struct kb_host *host;

	while ((host = kb_inventory_next(s->inventory, &s->filter, &at))) {
		index++;
		if (s->without_self && host == s->self)
			continue;
		n++;
		kb_value_push(list, peer_value(s, host, index, n == 1, n == total));
	}
	return list;
}

/* Every host under the name it has in one column of the inventory: its role, or
 * its stack. */
static struct kb_value *groups_value(const struct kb_inventory *inventory,
				     const struct kb_host *self, bool by_stack)
{
	struct kb_value *map = kb_value_map();

	for (size_t i = 0; i < kb_inventory_count(inventory); i++) {
		const struct kb_host *host = kb_inventory_at(inventory, i);
		kb_autofree char *name = underscored(by_stack ? host->stack : host->role);
		struct selection s = {.inventory = inventory, .self = self};

		s.filter.role = by_stack ? NULL : host->role;
		s.filter.stack = by_stack ? host->stack : NULL;
		if (*name && !kb_value_get(map, name))
			kb_value_set(map, name, hosts_value(&s));
	}
	return map;
}

static struct kb_value *images_value(const struct kb_manifest *m)
{
	struct kb_value *map = kb_value_map();

	for (size_t i = 0; i < m->n_images; i++) {
		const struct kb_digest *id = &m->blobs[m->images[i].config].digest;
		kb_autofree char *name = underscored(m->images[i].name);
		struct kb_value *image = kb_value_map();

		kb_value_set(image, "id", kb_value_format("sha256:%s", kb_digest_hex(id)));
		set_text(image, "reference", m->images[i].reference);
		kb_value_set(map, name, image);
	}
	return map;
}

/* Shares what stands below a signed value: references are counted, nothing is
 * changed. */
static struct kb_value *share(const struct kb_value *value)
{
	return kb_value_ref((struct kb_value *)(uintptr_t)value);
}

/* What the manifest says about the release itself, over what its variables
 * say about the site. */
static struct kb_value *site_value(const struct kb_manifest *m)
{
	const struct kb_value *more = kb_value_get(m->variables, "site");
	struct kb_value *map = kb_value_map();

	for (size_t i = 0; i < (more ? kb_value_count(more) : 0); i++)
		if (kb_value_key(more, i))
			kb_value_set(map, kb_value_key(more, i), share(kb_value_at(more, i)));
	set_text(map, "product", m->product);
	set_text(map, "version", m->version);
	set_text(map, "channel", m->channel);
	return map;
}

static struct kb_value *role_value(const struct kb_manifest *m)
{
	struct kb_value *map = kb_value_map();

	set_text(map, "name", m->role);
	set_text(map, "version", m->version);
	return map;
}

struct kb_value *kb_context_new(const struct kb_manifest *m, const struct kb_inventory *inventory,
				const struct kb_host *self,
				const struct kb_credentials *credentials)
{
	struct selection peers = {.inventory = inventory, .self = self};
	struct kb_value *context = kb_value_map();

	for (size_t i = 0; i < kb_value_count(m->variables); i++)
		kb_value_set(context, kb_value_key(m->variables, i),
			     share(kb_value_at(m->variables, i)));
	kb_target_filter(m, &peers.filter);
	kb_value_set(context, "host", host_value(self));
	kb_value_set(context, "peers", hosts_value(&peers));
	peers.without_self = true;
	kb_value_set(context, "others", hosts_value(&peers));
	kb_value_set(context, "groups", groups_value(inventory, self, false));
	kb_value_set(context, "stacks", groups_value(inventory, self, true));
	kb_value_set(context, "site", site_value(m));
	kb_value_set(context, "role", role_value(m));
	kb_value_set(context, "image", images_value(m));
	kb_value_set(context, "credentials",
		     credentials ? kb_credentials_value(credentials, m) : kb_value_map());
	return context;
}
