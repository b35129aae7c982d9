#include "core/netaddr.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"

/* One decimal number of 0 to 255 without leading zeros; NULL when it is not. */
static const char *parse_octet(const char *s, uint32_t *ret_octet)
{
	uint32_t v = 0;
	int digits = 0;

	while (s[digits] >= '0' && s[digits] <= '9' && digits < 3)
		v = v * 10 + (uint32_t)(s[digits++] - '0');
	if (digits == 0 || v > 255 || (digits > 1 && s[0] == '0'))
		return NULL;
	*ret_octet = v;
	return s + digits;
}

bool kb_netaddr_parse(const char *text, uint32_t *ret_ip)
{
	uint32_t ip = 0, octet = 0;

	for (int i = 0; i < 4; i++) {
		if (i > 0 && *text++ != '.')
			return false;
		text = parse_octet(text, &octet);
		if (!text)
			return false;
		ip = ip << 8 | octet;
	}
	if (*text != '\0')
		return false;
	*ret_ip = ip;
	return true;
}

void kb_netaddr_format(uint32_t ip, char out[KB_NETADDR_LEN])
{
	snprintf(out, KB_NETADDR_LEN, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255,
		 ip & 255);
}

static int ip_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void sort_unique(struct kb_netaddr *local)
{
	size_t kept = 0;

	if (local->n > 1)
		qsort(local->ips, local->n, sizeof(*local->ips), ip_cmp);
	for (size_t i = 0; i < local->n; i++)
		if (kept == 0 || local->ips[kept - 1] != local->ips[i])
			local->ips[kept++] = local->ips[i];
	local->n = kept;
}

static int read_addresses(struct kb_netaddr *local, struct kb_err *err)
{
	struct ifaddrs *all = NULL;
	struct sockaddr_in sin;
	size_t cap = 0;

	if (getifaddrs(&all) < 0)
		return kb_err_errno(err, KB_E_IO, "cannot read the local addresses");
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET ||
		    (a->ifa_flags & IFF_LOOPBACK))
			continue;
		memcpy(&sin, a->ifa_addr, sizeof(sin));
		local->ips = kb_grow(local->ips, local->n, &cap, sizeof(*local->ips));
		local->ips[local->n++] = ntohl(sin.sin_addr.s_addr);
	}
	freeifaddrs(all);
	sort_unique(local);
	return 0;
}

int kb_netaddr_read(struct kb_netaddr *ret_local, struct kb_err *err)
{
	struct kb_netaddr local = KB_NETADDR_INIT;
	int r;

	if (gethostname(local.hostname, sizeof(local.hostname) - 1) < 0)
		return kb_err_errno(err, KB_E_IO, "cannot read the host name");
	local.hostname[strcspn(local.hostname, ".")] = '\0';
	r = read_addresses(&local, err);
	if (r < 0)
		return r;
	*ret_local = local;
	return 0;
}

void kb_netaddr_free(struct kb_netaddr *local)
{
	free(local->ips);
	local->ips = NULL;
	local->n = 0;
}
