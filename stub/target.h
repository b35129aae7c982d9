/* Is this the host the bundle is for? Machine, operating system, the host's
 * own line of the inventory, and whether that line and the number of its peers
 * are what the role asks for. */
#ifndef STUB_TARGET_H
#define STUB_TARGET_H

#include "core/bundle.h"
#include "core/inventory.h"
#include "stub/problems.h"
#include "stub/run.h"

struct kb_target {
	struct kb_inventory *inventory; /* NULL when it could not be read */
	const struct kb_host *self;     /* NULL when it was not found */
};

/* Finds what it can and adds what is wrong. */
void kb_target_check(const struct kb_run *run, struct kb_bundle *bundle,
		     struct kb_target *ret_target, struct kb_problems *problems);
void kb_target_free(struct kb_target *target);

/* The bundle's inventory, or the one that --inventory names; and this host's
 * line of it. */
int kb_target_inventory(const struct kb_run *run, struct kb_bundle *bundle,
			struct kb_inventory **ret_inventory, struct kb_err *err);
int kb_target_self(const struct kb_run *run, const struct kb_inventory *inventory,
		   const struct kb_host **ret_self, struct kb_err *err);

/* The hosts this role is for; "" in the manifest is any. */
void kb_target_filter(const struct kb_manifest *m, struct kb_inventory_filter *ret_filter);

/* The parts, for tests. */
void kb_target_check_system(const struct kb_manifest *m, const char *machine, int rootfd,
			    struct kb_problems *problems);
void kb_target_check_role(const struct kb_manifest *m, const struct kb_inventory *inventory,
			  const struct kb_host *self, struct kb_problems *problems);

#endif
