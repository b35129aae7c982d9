/* An operator's servers.tsv. Of what is accepted every host can be found by its
 * name and by its address, and is itself. */
#include "tests/fuzz/fuzz.h"

#include <strings.h>

#include "core/inventory.h"
#include "core/netaddr.h"

static void check_host(const struct kb_inventory *inv, const struct kb_host *h)
{
	const struct kb_host *self = NULL;
	char address[KB_NETADDR_LEN];

	KB_MUST(h->name[0] && h->role[0] && strcmp(h->env, KB_INVENTORY_ENV) == 0);
	kb_netaddr_format(h->ip, address);
	KB_MUST(strcmp(address, h->address) == 0);
	KB_MUST(kb_inventory_by_name(inv, h->name) == h && kb_inventory_by_ip(inv, h->ip) == h);
	KB_MUST(kb_inventory_self(inv, h->name, "other", NULL, 0, &self, NULL) == 0 && self == h);
	KB_MUST(kb_inventory_self(inv, NULL, h->name, &h->ip, 1, &self, NULL) == 0 && self == h);
	KB_MUST(kb_inventory_extra(inv, h, "NO SUCH COLUMN") == NULL);
}

KB_FUZZ(inventory)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	struct kb_inventory *inv = NULL;
	struct kb_err err = {.code = 0};
	struct kb_inventory_filter filter = {.role = "redis"};
	size_t at = 0, found = 0;
	int rc = kb_inventory_parse("f", (const char *)data, len, KB_INVENTORY_ENV, &diag, &inv,
				    &err);

	if (rc < 0) {
		KB_MUST(rc == KB_E_INVALID && err.code == rc && kb_diag_count(&diag) > 0);
		kb_diag_sort(&diag);
		return 0;
	}
	KB_MUST(kb_diag_count(&diag) == 0);
	for (size_t i = 0; i < kb_inventory_count(inv); i++)
		check_host(inv, kb_inventory_at(inv, i));
	while (kb_inventory_next(inv, &filter, &at))
		found++;
	KB_MUST(found <= kb_inventory_count(inv));
	kb_inventory_free(inv);
	return 0;
}
