#include "core/inventory_entry.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/netaddr.h"

size_t kb_inventory_count(const struct kb_inventory *inv)
{
	return inv->nhosts;
}

const struct kb_host *kb_inventory_at(const struct kb_inventory *inv, size_t i)
{
	return i < inv->nhosts ? inv->hosts[i] : NULL;
}

const char *kb_inventory_extra(const struct kb_inventory *inv, const struct kb_host *host,
			       const char *column)
{
	const struct kb_inventory_entry *entry = (const struct kb_inventory_entry *)host;

	for (size_t i = 0; i < inv->nextra; i++)
		if (strcmp(inv->extra[i], column) == 0)
			return entry->extra[i];
	return NULL;
}

static bool matches(const char *wanted, const char *field)
{
	return !wanted || strcmp(wanted, field) == 0;
}

bool kb_inventory_match(const struct kb_host *host, const struct kb_inventory_filter *filter)
{
	return matches(filter->role, host->role) && matches(filter->subrole, host->subrole) &&
	       matches(filter->stack, host->stack);
}

const struct kb_host *kb_inventory_next(const struct kb_inventory *inv,
					const struct kb_inventory_filter *filter, size_t *at)
{
	while (*at < inv->nhosts) {
		const struct kb_host *host = inv->hosts[(*at)++];

		if (kb_inventory_match(host, filter))
			return host;
	}
	return NULL;
}

const struct kb_host *kb_inventory_by_name(const struct kb_inventory *inv, const char *name)
{
	for (size_t i = 0; i < inv->nhosts; i++)
		if (kb_inventory_name_cmp(inv->hosts[i]->name, name) == 0)
			return inv->hosts[i];
	return NULL;
}

const struct kb_host *kb_inventory_by_ip(const struct kb_inventory *inv, uint32_t ip)
{
	for (size_t i = 0; i < inv->nhosts; i++)
		if (inv->hosts[i]->ip == ip)
			return inv->hosts[i];
	return NULL;
}

/* What this machine says about itself. */
struct facts {
	const struct kb_inventory *inv;
	const char *hostname;
	const uint32_t *ips;
	size_t n;
	const struct kb_host *by_name;
};

static bool is_local(const struct facts *facts, uint32_t ip)
{
	for (size_t i = 0; i < facts->n; i++)
		if (facts->ips[i] == ip)
			return true;
	return false;
}

/* "host name X, addresses A B C", for messages. */
static void describe(const struct facts *facts, struct kb_buf *out)
{
	enum { SHOWN_MAX = 8 };
	char ip[KB_NETADDR_LEN];

	kb_buf_printf(out, "this machine has the host name \"%s\" and ", facts->hostname);
	kb_buf_puts(out, facts->n ? "the addresses" : "no address");
	for (size_t i = 0; i < facts->n && i < SHOWN_MAX; i++) {
		kb_netaddr_format(facts->ips[i], ip);
		kb_buf_printf(out, " %s", ip);
	}
	if (facts->n > SHOWN_MAX)
		kb_buf_printf(out, " and %zu more", facts->n - SHOWN_MAX);
}

static int refuse(const struct facts *facts, const char *why, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	describe(facts, &text);
	return kb_err_set(err, KB_E_TARGET,
			  "%s; %s. Correct the inventory or this machine, or say "
			  "--host NAME",
			  text.data, why);
}

static int check_name(const struct facts *facts, struct kb_err *err)
{
	const struct kb_host *host = facts->by_name;
	kb_autofree char *why = NULL;

	if (!host || facts->n == 0 || is_local(facts, host->ip))
		return 0;
	why = kb_format("the inventory gives %s the address %s", host->name, host->address);
	return refuse(facts, why, err);
}

/* The one host that name and addresses lead to. */
static int find_self(const struct facts *facts, const struct kb_host **ret_host, struct kb_err *err)
{
	const struct kb_host *self = facts->by_name;

	for (size_t i = 0; i < facts->inv->nhosts; i++) {
		const struct kb_host *host = facts->inv->hosts[i];
		kb_autofree char *why = NULL;

		if (host == self || !is_local(facts, host->ip))
			continue;
		if (!self) {
			self = host;
			continue;
		}
		why = kb_format("the inventory has both %s (%s) and %s (%s)", self->name,
				self->address, host->name, host->address);
		return refuse(facts, why, err);
	}
	if (!self)
		return refuse(facts, "the inventory has neither", err);
	*ret_host = self;
	return 0;
}

int kb_inventory_self(const struct kb_inventory *inv, const char *wanted, const char *hostname,
		      const uint32_t *ips, size_t n, const struct kb_host **ret_host,
		      struct kb_err *err)
{
	struct facts facts = {inv, hostname, ips, n, NULL};
	int r;

	if (wanted) {
		const struct kb_host *host = kb_inventory_by_name(inv, wanted);

		if (!host)
			return kb_err_set(err, KB_E_TARGET,
					  "host \"%s\" is not one of the %zu "
					  "hosts of the inventory",
					  wanted, inv->nhosts);
		*ret_host = host;
		return 0;
	}
	facts.by_name = kb_inventory_by_name(inv, hostname);
	r = check_name(&facts, err);
	return r < 0 ? r : find_self(&facts, ret_host, err);
}

void kb_inventory_free(struct kb_inventory *inv)
{
	if (!inv)
		return;
	free(inv->hosts);
	free(inv->entries);
	free(inv->text);
	free(inv);
}

void kb_inventory_cleanup(struct kb_inventory **inv)
{
	kb_inventory_free(*inv);
}
