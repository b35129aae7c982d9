/* IPv4 addresses as numbers and in their one canonical spelling, and what this
 * machine is called and addressed by. The kernel is asked directly (netlink,
 * uname): no resolver, no NSS.
 */
#ifndef CORE_NETADDR_H
#define CORE_NETADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define KB_NETADDR_LEN      16 /* "255.255.255.255" and its NUL */
#define KB_NETADDR_HOST_LEN 65 /* Linux' host name and its NUL */

/* Four decimal numbers without leading zeros (which some readers take for
 * octal), nothing before or behind. The first octet is the highest byte. */
bool kb_netaddr_parse(const char *text, uint32_t *ret_ip);
void kb_netaddr_format(uint32_t ip, char out[KB_NETADDR_LEN]);

struct kb_netaddr {
	char hostname[KB_NETADDR_HOST_LEN]; /* up to the first dot; may be "" */
	uint32_t *ips;                      /* sorted, each once, no loopback */
	size_t n;
};
#define KB_NETADDR_INIT      \
	{                    \
		{0}, NULL, 0 \
	}
#define kb_autonetaddr __attribute__((cleanup(kb_netaddr_free)))

int kb_netaddr_read(struct kb_netaddr *ret_local, struct kb_err *err);
void kb_netaddr_free(struct kb_netaddr *local);

#endif
