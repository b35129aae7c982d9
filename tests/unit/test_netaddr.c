#include "core/netaddr.h"

#include "tests/unit/unit.h"

#include <string.h>

static void accept(const char *text, uint32_t expected)
{
	char back[KB_NETADDR_LEN];
	uint32_t ip = 0;

	assert_true(kb_netaddr_parse(text, &ip));
	assert_int_equal(ip, expected);
	kb_netaddr_format(ip, back);
	assert_string_equal(back, text);
}

KB_TEST(netaddr_canonical_spelling_only)
{
	static const char *const bad[] = {
		"",         "1",          "1.2.3",           "1.2.3.4.5", "1.2.3.",     ".1.2.3",
		"01.2.3.4", "1.2.3.04",   "1.2.3.00",        "256.1.1.1", "1.2.3.1000", " 1.2.3.4",
		"1.2.3.4 ", "1.2.3.4/16", "0x1.2.3.4",       "-1.2.3.4",  "+1.2.3.4",   "1..2.3",
		"a.b.c.d",  "::1",        "1.2.3.4294967300"};
	uint32_t ip = 7;

	accept("0.0.0.0", 0);
	accept("10.0.0.123", 0x0a00007b);
	accept("255.255.255.255", 0xffffffff);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(kb_netaddr_parse(bad[i], &ip));
	assert_int_equal(ip, 7);
}

KB_TEST(netaddr_reads_this_machine)
{
	kb_autonetaddr struct kb_netaddr local = KB_NETADDR_INIT;

	assert_int_equal(kb_netaddr_read(&local, NULL), 0);
	assert_null(strchr(local.hostname, '.'));
	for (size_t i = 0; i < local.n; i++) {
		assert_int_not_equal(local.ips[i] >> 24, 127);
		if (i > 0)
			assert_true(local.ips[i - 1] < local.ips[i]);
	}
}
