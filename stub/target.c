#include "stub/target.h"

#include <string.h>
#include <sys/utsname.h>

#include "core/file.h"
#include "core/format.h"
#include "core/netaddr.h"
#include "stub/osrelease.h"

void kb_target_filter(const struct kb_manifest *m, struct kb_inventory_filter *ret_filter)
{
	ret_filter->role = *m->select_role ? m->select_role : NULL;
	ret_filter->subrole = *m->select_subrole ? m->select_subrole : NULL;
	ret_filter->stack = *m->select_stack ? m->select_stack : NULL;
}

static void list_systems(const struct kb_manifest *m, struct kb_buf *out)
{
	for (size_t i = 0; i < m->n_os; i++)
		kb_buf_printf(out, "%s%s %s to %s", i ? ", " : "", m->os[i].id, m->os[i].min,
			      m->os[i].max);
}

void kb_target_check_system(const struct kb_manifest *m, const char *machine, int rootfd,
			    struct kb_problems *problems)
{
	kb_autobuf struct kb_buf wanted = KB_BUF_INIT;
	struct kb_osrelease os;
	struct kb_err err;

	if (strcmp(machine, m->arch) != 0)
		kb_problems_add(problems, KB_E_TARGET,
				"the bundle is for %s machines, this one is %s", m->arch, machine);
	if (kb_problems_take(problems, kb_osrelease_read(rootfd, &os, &err), &err) < 0 ||
	    kb_osrelease_accepted(&os, m))
		return;
	list_systems(m, &wanted);
	kb_problems_add(problems, KB_E_TARGET, "the bundle is for %s; this system is %s %s",
			wanted.data, os.id, os.version[0] ? os.version : "without a version");
}

int kb_target_inventory(const struct kb_run *run, struct kb_bundle *bundle,
			struct kb_inventory **ret_inventory, struct kb_err *err)
{
	const char *name = run->inventory ? run->inventory : KB_INVENTORY_FILE;
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	int rc = run->inventory ? kb_file_read(run->inventory, KB_INVENTORY_MAX, &text, err)
				: kb_bundle_load_file(bundle, KB_INVENTORY_FILE, &text, err);

	if (rc < 0)
		return kb_err_wrap(err, "inventory");
	return kb_inventory_parse(name, text.data ? text.data : "", text.len, KB_INVENTORY_ENV,
				  NULL, ret_inventory, err);
}

int kb_target_self(const struct kb_run *run, const struct kb_inventory *inventory,
		   const struct kb_host **ret_self, struct kb_err *err)
{
	kb_autonetaddr struct kb_netaddr local = KB_NETADDR_INIT;
	int rc = kb_netaddr_read(&local, err);

	if (rc < 0)
		return rc;
	return kb_inventory_self(inventory, run->host, local.hostname, local.ips, local.n, ret_self,
				 err);
}

static const char *or_any(const char *word)
{
	return word ? word : "any";
}

void kb_target_check_role(const struct kb_manifest *m, const struct kb_inventory *inventory,
			  const struct kb_host *self, struct kb_problems *problems)
{
	struct kb_inventory_filter filter;
	size_t at = 0, n = 0;

	kb_target_filter(m, &filter);
	if (self && !kb_inventory_match(self, &filter))
		kb_problems_add(problems, KB_E_TARGET,
				"%s is %s/%s (%s) in the inventory; %s is for hosts of role %s, "
				"subrole %s, stack %s",
				self->name, self->role, self->subrole,
				*self->stack ? self->stack : "no stack", m->role,
				or_any(filter.role), or_any(filter.subrole), or_any(filter.stack));
	while (kb_inventory_next(inventory, &filter, &at))
		n++;
	if (n < m->hosts_min)
		kb_problems_add(problems, KB_E_INVALID,
				"inventory: %zu hosts for role %s, it needs at least %u", n,
				m->role, m->hosts_min);
	else if (m->hosts_odd && n % 2 == 0)
		kb_problems_add(problems, KB_E_INVALID,
				"inventory: %zu hosts for role %s, it needs an odd number", n,
				m->role);
}

void kb_target_check(const struct kb_run *run, struct kb_bundle *bundle,
		     struct kb_target *ret_target, struct kb_problems *problems)
{
	const struct kb_manifest *m = kb_bundle_manifest(bundle);
	struct utsname machine;
	struct kb_err err;

	ret_target->inventory = NULL;
	ret_target->self = NULL;
	if (uname(&machine) == 0)
		kb_target_check_system(m, machine.machine, run->rootfd, problems);
	if (kb_problems_take(problems,
			     kb_target_inventory(run, bundle, &ret_target->inventory, &err),
			     &err) < 0)
		return;
	kb_problems_take(problems,
			 kb_target_self(run, ret_target->inventory, &ret_target->self, &err), &err);
	kb_target_check_role(m, ret_target->inventory, ret_target->self, problems);
}

void kb_target_free(struct kb_target *target)
{
	kb_inventory_free(target->inventory);
	target->inventory = NULL;
	target->self = NULL;
}
