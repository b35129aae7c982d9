#include "core/inventory_entry.h"

#include <string.h>

#include "core/netaddr.h"

/* All by ASCII: what a letter is must not depend on a locale. */

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c);
}

static int folded(char c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

int kb_inventory_name_cmp(const char *a, const char *b)
{
	while (*a && folded(*a) == folded(*b)) {
		a++;
		b++;
	}
	return folded(*a) - folded(*b);
}

static bool is_free(const char *s)
{
	(void)s;
	return true;
}

static bool is_env(const char *s)
{
	const char *p = s;

	while (is_lower(*p))
		p++;
	return p > s && *p == '\0';
}

/* RFC 1123, section 2.1, up to DOT or the end; NULL when it is not a label. */
static const char *skip_label(const char *s, char dot)
{
	size_t n = 0;

	while (is_alnum(s[n]) || s[n] == '-')
		n++;
	if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
		return NULL;
	return s[n] == '\0' || s[n] == dot ? s + n : NULL;
}

bool kb_inventory_is_host(const char *s)
{
	return skip_label(s, '\0') != NULL;
}

static bool is_fqdn(const char *s)
{
	if (strlen(s) > 253)
		return false;
	while (s && *s) {
		s = skip_label(s, '.');
		if (s && *s == '.' && *++s == '\0')
			return false;
	}
	return s != NULL;
}

static bool is_address(const char *s)
{
	uint32_t ip = 0;

	if (*s == '\0')
		return true;
	/* not "this network", not loopback, no group and no broadcast */
	return kb_netaddr_parse(s, &ip) && ip >> 24 != 0 && ip >> 24 != 127 && ip >> 24 < 224;
}

static bool is_role(const char *s)
{
	const char *p = s;

	while (is_lower(*p) || is_digit(*p) || *p == '_' || *p == '-')
		p++;
	return p > s && *p == '\0';
}

static bool is_stack(const char *s)
{
	while (is_alnum(*s) || *s == '.' || *s == '_' || *s == '-')
		s++;
	return *s == '\0';
}

static bool is_user(const char *s)
{
	return s[0] != '-' && is_stack(s);
}

static bool is_yes_no(const char *s)
{
	return strcmp(s, "yes") == 0 || strcmp(s, "no") == 0;
}

#define TEXT(field) offsetof(struct kb_host, field)

const struct kb_inventory_column kb_inventory_columns[KB_INVENTORY_FIXED] = {
	{"ENV", TEXT(env), is_env, "must be letters a-z"},
	{"IP_PUBLIQUE", TEXT(public_ip), is_free, NULL},
	{"HOSTNAME", TEXT(name), kb_inventory_is_host,
	 "must be a host name: letters, digits and inner hyphens, at most 63"},
	{"IP_PRIVEE", TEXT(address), is_address,
	 "must be empty or the IPv4 address of one host, without leading zeros"},
	{"FQDN", TEXT(fqdn), is_fqdn, "must be empty or host names with dots between"},
	{"USER_SSH", TEXT(user), is_user, "must be empty or letters, digits, \".\", \"_\", \"-\""},
	{"POOL", TEXT(pool), is_free, NULL},
	{"ROLE", TEXT(role), is_role, "must be one or more of a-z 0-9 _ -"},
	{"SUBROLE", TEXT(subrole), is_role, "must be one or more of a-z 0-9 _ -"},
	{"DOCKER_STACK", TEXT(stack), is_stack, "must be letters, digits, \".\", \"_\", \"-\""},
	{"CORE", 0, is_yes_no, "must be yes or no"},
	{"NOTES", TEXT(notes), is_free, NULL},
};
