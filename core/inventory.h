/* The inventory `servers.tsv`: which hosts there are, and which of them this
 * one is.
 *
 *   file   = [BOM] header *line
 *   header = the twelve names below, then any further names, each once
 *   line   = empty | "#" text | field *(TAB field)
 *
 * Every single TAB separates, so an empty field is a field and shifts nothing;
 * a line has as many fields as the header. LF or CRLF. The text is data: it is
 * compared, never evaluated. Every line is checked; the hosts are the lines of
 * one environment that have a private address.
 *
 * The bytes may come from an operator's file: nothing is trusted, and every
 * fault is reported with its position in one run.
 */
#ifndef CORE_INVENTORY_H
#define CORE_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/diag.h"
#include "core/err.h"

#define KB_INVENTORY_MAX       (1024 * 1024) /* bytes */
#define KB_INVENTORY_HOSTS_MAX 4096
#define KB_INVENTORY_FIELD_MAX 256
#define KB_INVENTORY_EXTRA_MAX 20 /* columns after the twelve */
#define KB_INVENTORY_ENV       "prod"

/* The columns, in their order in the file. */
struct kb_host {
	const char *env;       /* ENV: [a-z]+ */
	const char *public_ip; /* IP_PUBLIQUE: free, often empty */
	const char *name;      /* HOSTNAME: RFC 1123 label, unique whatever the case */
	const char *address;   /* IP_PRIVEE: canonical IPv4, unique */
	const char *fqdn;      /* FQDN: empty or labels with dots */
	const char *user;      /* USER_SSH: empty or [A-Za-z0-9._-]+ */
	const char *pool;      /* POOL: free */
	const char *role;      /* ROLE: [a-z0-9_-]+ */
	const char *subrole;   /* SUBROLE: [a-z0-9_-]+ */
	const char *stack;     /* DOCKER_STACK: [A-Za-z0-9._-]* */
	bool core;             /* CORE: yes or no */
	const char *notes;     /* NOTES: free UTF-8 */
	uint32_t ip;           /* IP_PRIVEE as a number */
	size_t line;           /* in the file */
};

struct kb_inventory;

/* ENV is the environment whose lines are hosts, KB_INVENTORY_ENV. All faults go
 * to DIAG (may be NULL), the first one to ERR; KB_E_INVALID. */
int kb_inventory_parse(const char *name, const char *text, size_t len, const char *env,
		       struct kb_diag *diag, struct kb_inventory **ret_inventory,
		       struct kb_err *err);

/* The hosts, in the order of the file. */
size_t kb_inventory_count(const struct kb_inventory *inv);
const struct kb_host *kb_inventory_at(const struct kb_inventory *inv, size_t i);
/* Field of a column after the twelve; NULL when the header does not name it. */
const char *kb_inventory_extra(const struct kb_inventory *inv, const struct kb_host *host,
			       const char *column);

/* Hosts whose fields are equal; NULL is any. */
struct kb_inventory_filter {
	const char *role, *subrole, *stack;
};
bool kb_inventory_match(const struct kb_host *host, const struct kb_inventory_filter *filter);
/* The next matching host from *AT on, which starts at 0; NULL at the end. */
const struct kb_host *kb_inventory_next(const struct kb_inventory *inv,
					const struct kb_inventory_filter *filter, size_t *at);

/* Can TEXT be the name of a host: letters, digits and inner hyphens, at most 63? */
bool kb_inventory_is_host(const char *text);

/* NULL when there is none. Names compare without case. */
const struct kb_host *kb_inventory_by_name(const struct kb_inventory *inv, const char *name);
const struct kb_host *kb_inventory_by_ip(const struct kb_inventory *inv, uint32_t ip);

/* Which host this is. WANTED (--host) decides alone if it is given. Else the
 * host name (short) and the local addresses are looked up, and what they say
 * must agree: two hosts, or a name whose address is not among the local ones
 * while there are some, is KB_E_TARGET with the facts, as is no host at all.
 * A name that the inventory does not know leaves it to the addresses. */
int kb_inventory_self(const struct kb_inventory *inv, const char *wanted, const char *hostname,
		      const uint32_t *ips, size_t n, const struct kb_host **ret_host,
		      struct kb_err *err);

void kb_inventory_free(struct kb_inventory *inv);

#define kb_autoinventory __attribute__((cleanup(kb_inventory_cleanup)))
void kb_inventory_cleanup(struct kb_inventory **inv);

#endif
