#include "core/inventory.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define HEADER                                                                         \
	"ENV\tIP_PUBLIQUE\tHOSTNAME\tIP_PRIVEE\tFQDN\tUSER_SSH\tPOOL\tROLE\tSUBROLE\t" \
	"DOCKER_STACK\tCORE\tNOTES"
#define REDIS1                                                                                    \
	"prod\t192.0.2.1\tredis-01\t10.0.0.123\tredis-01.keybuzz.io\troot\tdata\tredis\tmaster\t" \
	"redis-ha-docker\tyes\tfree text"
#define REDIS2 "prod\t\tredis-02\t10.0.0.124\t\t\t\tredis\treplica\tredis-ha-docker\tyes\t"

static struct kb_inventory *parse(const char *text)
{
	struct kb_inventory *inv = NULL;
	struct kb_err err = {0};
	int r = kb_inventory_parse("s.tsv", text, strlen(text), KB_INVENTORY_ENV, NULL, &inv, &err);

	if (r < 0)
		fail_msg("%s", err.text);
	return inv;
}

/* All messages of a refused file, one a line. */
static char *refusal(const char *text, size_t len)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	struct kb_inventory *inv = NULL;
	struct kb_err err = {0};
	char *out = NULL;
	size_t out_len = 0;
	FILE *f = open_memstream(&out, &out_len);

	assert_non_null(f);
	assert_int_equal(
		kb_inventory_parse("s.tsv", text, len, KB_INVENTORY_ENV, &diag, &inv, &err),
		KB_E_INVALID);
	assert_null(inv);
	assert_int_equal(err.code, KB_E_INVALID);
	kb_diag_sort(&diag);
	kb_diag_print(&diag, f);
	fclose(f);
	return out;
}

static void assert_refused(const char *text, const char *messages)
{
	kb_autofree char *out = refusal(text, strlen(text));

	assert_string_equal(out, messages);
}

KB_TEST(inventory_reads_every_column)
{
	kb_autoinventory struct kb_inventory *inv = parse(HEADER "\n" REDIS1 "\n");
	const struct kb_host *h = kb_inventory_at(inv, 0);

	assert_int_equal(kb_inventory_count(inv), 1);
	assert_string_equal(h->env, "prod");
	assert_string_equal(h->public_ip, "192.0.2.1");
	assert_string_equal(h->name, "redis-01");
	assert_string_equal(h->address, "10.0.0.123");
	assert_string_equal(h->fqdn, "redis-01.keybuzz.io");
	assert_string_equal(h->user, "root");
	assert_string_equal(h->pool, "data");
	assert_string_equal(h->role, "redis");
	assert_string_equal(h->subrole, "master");
	assert_string_equal(h->stack, "redis-ha-docker");
	assert_string_equal(h->notes, "free text");
	assert_true(h->core);
	assert_int_equal(h->ip, 0x0a00007b);
	assert_int_equal(h->line, 2);
	assert_null(kb_inventory_at(inv, 1));
}

/* The air-gapped case: adjacent TABs must not collapse. */
KB_TEST(inventory_empty_columns_stay_empty)
{
	kb_autoinventory struct kb_inventory *inv = parse(HEADER "\n" REDIS2 "\n");
	const struct kb_host *h = kb_inventory_at(inv, 0);

	assert_string_equal(h->public_ip, "");
	assert_string_equal(h->name, "redis-02");
	assert_string_equal(h->fqdn, "");
	assert_string_equal(h->user, "");
	assert_string_equal(h->pool, "");
	assert_string_equal(h->role, "redis");
	assert_string_equal(h->notes, "");
}

KB_TEST(inventory_blank_lines_and_comments_are_no_hosts)
{
	kb_autoinventory struct kb_inventory *inv =
		parse("# site\n\n" HEADER "\n\n" REDIS1 "\n# prod\t\n  \t \n" REDIS2 "\n\n\n");

	assert_int_equal(kb_inventory_count(inv), 2);
	assert_int_equal(kb_inventory_at(inv, 1)->line, 8);
}

KB_TEST(inventory_bom_crlf_and_no_last_newline)
{
	kb_autoinventory struct kb_inventory *inv =
		parse("\xef\xbb\xbf" HEADER "\r\n" REDIS1 "\r\n\r\n" REDIS2);

	assert_int_equal(kb_inventory_count(inv), 2);
	assert_string_equal(kb_inventory_at(inv, 0)->notes, "free text");
	assert_string_equal(kb_inventory_at(inv, 1)->notes, "");
}

KB_TEST(inventory_notes_are_never_evaluated)
{
	kb_autoinventory struct kb_inventory *inv = parse(
		HEADER "\n"
		       "prod\t\tdb-01\t10.0.0.1\t\t\t\tdb\tpostgres\t\tno\t"
		       "ma\xc3\xaetre # \"le\" 'premier' $(touch /tmp/x) `id` volume:10:/mnt\n");

	assert_string_equal(kb_inventory_at(inv, 0)->notes,
			    "ma\xc3\xaetre # \"le\" 'premier' $(touch /tmp/x) `id` volume:10:/mnt");
}

KB_TEST(inventory_extra_columns_by_name)
{
	kb_autoinventory struct kb_inventory *inv =
		parse(HEADER "\tROLE_V3\tLOGICAL_NAME_V3\n" REDIS1 "\tr3\t\n");
	const struct kb_host *h = kb_inventory_at(inv, 0);

	assert_string_equal(kb_inventory_extra(inv, h, "ROLE_V3"), "r3");
	assert_string_equal(kb_inventory_extra(inv, h, "LOGICAL_NAME_V3"), "");
	assert_null(kb_inventory_extra(inv, h, "ROLE"));
}

KB_TEST(inventory_only_prod_lines_with_an_address_are_hosts)
{
	kb_autoinventory struct kb_inventory *inv =
		parse(HEADER "\n" REDIS1 "\n"
			     "dev\t\tredis-dev\t10.0.0.9\t\t\t\tredis\tmaster\t\tno\t\n"
			     "prod\t\tplanned\t\t\t\t\tredis\treplica\t\tno\t\n");

	assert_int_equal(kb_inventory_count(inv), 1);
	assert_null(kb_inventory_by_name(inv, "redis-dev"));
	assert_null(kb_inventory_by_name(inv, "planned"));
	assert_null(kb_inventory_by_ip(inv, 0));
}

KB_TEST(inventory_selects_by_equal_fields)
{
	kb_autoinventory struct kb_inventory *inv =
		parse(HEADER "\n"
			     "prod\t\tdb-1\t10.0.0.1\t\t\t\tdb\tpostgres\tpatroni-node\tyes\t\n"
			     "prod\t\ttemporal-db\t10.0.0.2\t\t\t\tdb\tpostgres\ttemporal\tno\t\n"
			     "prod\t\tmaria-1\t10.0.0.3\t\t\t\tdb\tmariadb\tgalera\tyes\t\n"
			     "prod\t\tdb-2\t10.0.0.4\t\t\t\tdb\tpostgres\tpatroni-node\tyes\t\n");
	const struct kb_inventory_filter patroni = {"db", "postgres", "patroni-node"};
	const struct kb_inventory_filter db = {"db", NULL, NULL}, all = {NULL, NULL, NULL};
	const struct kb_inventory_filter part = {"d", NULL, NULL};
	const struct kb_inventory_filter *const filters[] = {&patroni, &db, &all, &part};
	static const size_t expected[] = {2, 4, 4, 0};

	for (size_t i = 0; i < 4; i++) {
		size_t at = 0, n = 0;

		while (kb_inventory_next(inv, filters[i], &at))
			n++;
		assert_int_equal(n, expected[i]);
	}
	assert_string_equal(kb_inventory_by_name(inv, "MARIA-1")->address, "10.0.0.3");
	assert_string_equal(kb_inventory_by_ip(inv, 0x0a000004)->name, "db-2");
}

KB_TEST(inventory_header_is_required)
{
	assert_refused("", "s.tsv:1:1: the header line is missing\n");
	assert_refused("# only a comment\n", "s.tsv:1:1: the header line is missing\n");
	assert_refused(
		REDIS2 "\n",
		"s.tsv:1:1: header: column 1 is \"prod\", must be ENV\n"
		"s.tsv:1:6: header: column 2 is \"\", must be IP_PUBLIQUE\n"
		"s.tsv:1:7: header: column 3 is \"redis-02\", must be HOSTNAME\n"
		"s.tsv:1:16: header: column 4 is \"10.0.0.124\", must be IP_PRIVEE\n"
		"s.tsv:1:27: header: column 5 is \"\", must be FQDN\n"
		"s.tsv:1:28: header: column 6 is \"\", must be USER_SSH\n"
		"s.tsv:1:29: header: column 7 is \"\", must be POOL\n"
		"s.tsv:1:30: header: column 8 is \"redis\", must be ROLE\n"
		"s.tsv:1:36: header: column 9 is \"replica\", must be SUBROLE\n"
		"s.tsv:1:44: header: column 10 is \"redis-ha-docker\", must be DOCKER_STACK\n"
		"s.tsv:1:60: header: column 11 is \"yes\", must be CORE\n"
		"s.tsv:1:64: header: column 12 is \"\", must be NOTES\n");
	assert_refused("ENV\tIP_PUBLIQUE\n",
		       "s.tsv:1:1: header: 2 columns, must be 12 to 32, with one TAB between\n");
	assert_refused(HEADER "\tX\tX\tlower\tENV\n",
		       "s.tsv:1:94: header: \"X\" must be A-Z 0-9 _, and unique\n"
		       "s.tsv:1:96: header: \"lower\" must be A-Z 0-9 _, and unique\n"
		       "s.tsv:1:102: header: \"ENV\" must be A-Z 0-9 _, and unique\n");
}

KB_TEST(inventory_all_faults_in_one_run_with_their_place)
{
	assert_refused(
		HEADER "\n"
		       "Prod\t\tredis_01\t10.0.0.01\ta..b\t-o\t\tRedis\t\ta b\toui\t\n" REDIS1
		       "\tmore\n"
		       "prod\tredis-03\t10.0.0.125\n" REDIS2 "\n",
		"s.tsv:2:1: ENV \"Prod\" must be letters a-z\n"
		"s.tsv:2:7: HOSTNAME \"redis_01\" must be a host name: letters, digits and inner "
		"hyphens, at most 63\n"
		"s.tsv:2:16: IP_PRIVEE \"10.0.0.01\" must be empty or the IPv4 address of one "
		"host, without leading zeros\n"
		"s.tsv:2:26: FQDN \"a..b\" must be empty or host names with dots between\n"
		"s.tsv:2:31: USER_SSH \"-o\" must be empty or letters, digits, \".\", \"_\", "
		"\"-\"\n"
		"s.tsv:2:35: ROLE \"Redis\" must be one or more of a-z 0-9 _ -\n"
		"s.tsv:2:41: SUBROLE \"\" must be one or more of a-z 0-9 _ -\n"
		"s.tsv:2:42: DOCKER_STACK \"a b\" must be letters, digits, \".\", \"_\", \"-\"\n"
		"s.tsv:2:46: CORE \"oui\" must be yes or no\n"
		"s.tsv:3:1: 13 fields, the header names 12; every field needs its TAB, also an "
		"empty one\n"
		"s.tsv:4:1: 3 fields, the header names 12; every field needs its TAB, also an "
		"empty one\n");
}

KB_TEST(inventory_names_and_addresses_are_unique)
{
	assert_refused(HEADER "\n" REDIS1 "\n" REDIS2 "\n"
			      "dev\t\tREDIS-01\t10.0.0.1\t\t\t\tredis\tmaster\t\tno\t\n"
			      "prod\t\tx\t10.0.0.124\t\t\t\tredis\tmaster\t\tno\t\n",
		       "s.tsv:4:6: HOSTNAME \"REDIS-01\" is also in line 2\n"
		       "s.tsv:5:9: IP_PRIVEE 10.0.0.124 is also in line 3\n");
}

static void assert_bad_address(const char *address)
{
	kb_autofree char *text = kb_format(HEADER "\nprod\t\tx\t%s\t\t\t\tr\ts\t\tno\t\n", address);
	kb_autofree char *out = refusal(text, strlen(text));

	assert_non_null(strstr(out, "s.tsv:2:9: IP_PRIVEE"));
}

KB_TEST(inventory_addresses_of_no_host)
{
	assert_bad_address("0.0.0.0");
	assert_bad_address("127.0.0.1");
	assert_bad_address("224.0.0.18");
	assert_bad_address("255.255.255.255");
	assert_bad_address("10.0.0.0/16");
	assert_bad_address("10.0.0.256");
	assert_bad_address("redis-01");
}

KB_TEST(inventory_bytes_that_are_not_text)
{
	kb_autofree char *nul = refusal(HEADER "\n\0", sizeof(HEADER "\n\0") - 1);

	assert_string_equal(nul, "s.tsv: holds a NUL byte; this is not a text file\n");
	assert_refused(HEADER "\n"
			      "prod\t\tx\t10.0.0.1\t\t\t\tr\ts\t\tno\t\xc3\xa9t\xe9\n"
			      "prod\t\ty\t10.0.0.2\t\t\tp\x1b[2J\tr\ts\t\tno\t\n"
			      "prod\t\tz\t10.0.0.3\t\t\t\tr\ts\t\tno\ta\rb\n",
		       "s.tsv:2:31: not UTF-8\n"
		       "s.tsv:3:21: control character\n"
		       "s.tsv:4:30: control character\n");
}

KB_TEST(inventory_limits)
{
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;
	kb_autofree char *out = NULL, *big = kb_alloc(KB_INVENTORY_MAX + 1, 1), *field = NULL;
	struct kb_inventory *inv = NULL;
	char note[KB_INVENTORY_FIELD_MAX + 2];

	memset(big, '\n', KB_INVENTORY_MAX + 1);
	out = refusal(big, KB_INVENTORY_MAX + 1);
	assert_string_equal(out, "s.tsv: 1048577 bytes, at most 1048576\n");
	memset(note, 'n', sizeof(note));
	note[sizeof(note) - 1] = '\0';
	kb_buf_printf(&buf, HEADER "\n" REDIS2 "%s\n", note);
	field = refusal(buf.data, buf.len);
	assert_string_equal(field, "s.tsv:2:64: field of 257 bytes, at most 256\n");
	kb_buf_clear(&buf);
	kb_buf_puts(&buf, HEADER "\n");
	for (int i = 0; i < KB_INVENTORY_HOSTS_MAX; i++)
		kb_buf_printf(&buf, "prod\t\th%d\t10.1.%d.%d\t\t\t\tr\ts\t\tno\t\n", i, i / 256,
			      i % 256);
	assert_int_equal(kb_inventory_parse("s", buf.data, buf.len, "prod", NULL, &inv, NULL), 0);
	assert_int_equal(kb_inventory_count(inv), KB_INVENTORY_HOSTS_MAX);
	kb_inventory_free(inv);
	kb_buf_puts(&buf, REDIS1 "\n");
	inv = NULL;
	assert_int_equal(kb_inventory_parse("s", buf.data, buf.len, "prod", NULL, &inv, NULL),
			 KB_E_INVALID);
}

/* Which host the facts lead to, or the message. */
static void assert_self(const char *wanted, const char *hostname, const uint32_t *ips, size_t n,
			const char *expected)
{
	kb_autoinventory struct kb_inventory *inv = parse(HEADER "\n" REDIS1 "\n" REDIS2 "\n");
	const struct kb_host *host = NULL;
	struct kb_err err = {0};
	int r = kb_inventory_self(inv, wanted, hostname, ips, n, &host, &err);

	if (r == 0) {
		assert_string_equal(host->name, expected);
		return;
	}
	assert_int_equal(r, KB_E_TARGET);
	assert_null(host);
	if (!strstr(err.text, expected))
		fail_msg("%s", err.text);
}

static const uint32_t IP1 = 0x0a00007b, IP2 = 0x0a00007c, OTHER = 0xc0a80001;

KB_TEST(inventory_self_by_option)
{
	assert_self("redis-02", "redis-01", &IP1, 1, "redis-02");
	assert_self("Redis-02", "", NULL, 0, "redis-02");
	assert_self("redis-09", "redis-01", &IP1, 1,
		    "host \"redis-09\" is not one of the 2 hosts of the inventory");
}

KB_TEST(inventory_self_by_name_and_address)
{
	const uint32_t two[] = {IP1, OTHER};

	assert_self(NULL, "redis-01", two, 2, "redis-01");
	assert_self(NULL, "REDIS-01", &IP1, 1, "redis-01");
	assert_self(NULL, "redis-02", NULL, 0, "redis-02");
	assert_self(NULL, "debian", two, 2, "redis-01");
	assert_self(NULL, "", &IP2, 1, "redis-02");
}

KB_TEST(inventory_self_refuses_what_does_not_agree)
{
	const uint32_t both[] = {IP1, IP2};

	assert_self(NULL, "debian", &OTHER, 1,
		    "this machine has the host name \"debian\" and the addresses 192.168.0.1; the "
		    "inventory has neither. Correct the inventory or this machine, or say --host "
		    "NAME");
	assert_self(NULL, "debian", NULL, 0, "and no address; the inventory has neither");
	assert_self(NULL, "redis-01", &IP2, 1,
		    "the inventory gives redis-01 the address 10.0.0.123");
	assert_self(NULL, "redis-01", &OTHER, 1,
		    "the inventory gives redis-01 the address 10.0.0.123");
	assert_self(NULL, "debian", both, 2,
		    "the inventory has both redis-01 (10.0.0.123) and redis-02 (10.0.0.124)");
	assert_self(NULL, "redis-01", both, 2,
		    "the inventory has both redis-01 (10.0.0.123) and redis-02 (10.0.0.124)");
}
