#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "stub/osrelease.h"
#include "stub/precheck.h"
#include "stub/setup.h"

KB_TEST(ports_in_use_are_found)
{
	static const char tcp[] =
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"
		"   0: 00000000:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0\n"
		"   1: 0100007F:18EC 0100007F:D431 01 00000000:00000000 00:00000000 00000000 0\n"
		"   2: nonsense\n";
	static const char tcp6[] =
		"  sl  local_address                         remote_address              st\n"
		"   0: 00000000000000000000000000000000:670B 00000000000000000000000000000000:0000 "
		"0A 00000000:00000000\n";
	const uint16_t ports[] = {6379, 6380, 26379, 9999};
	bool busy[4] = {false};

	kb_ports_parse(tcp, ports, 4, busy);
	assert_true(busy[0]);
	assert_false(busy[1]); /* connected, not listening */
	assert_false(busy[2]);
	kb_ports_parse(tcp6, ports, 4, busy);
	assert_true(busy[0]);
	assert_true(busy[2]);
	assert_false(busy[3]);
	kb_ports_parse("", ports, 4, busy);
	kb_ports_parse("::::::", ports, 4, busy);
}

KB_TEST(memory_is_read_from_meminfo)
{
	assert_int_equal(kb_memory_parse("MemTotal:       24590388 kB\nMemFree: 1 kB\n"), 24014);
	assert_int_equal(kb_memory_parse("MemFree: 1 kB\n"), 0);
	assert_int_equal(kb_memory_parse(""), 0);
	assert_int_equal(kb_memory_parse("MemTotal: x"), 0);
}

KB_TEST(budget_adds_up_per_file_system)
{
	struct kb_budget budget = {.n = 0};
	kb_autofree char *deep = kb_format("%s/not/there/yet", kb_test_dir());
	kb_autoclose int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	kb_budget_add(&budget, root, kb_test_dir(), 100, 1);
	kb_budget_add(&budget, root, deep, 50, 2);
	kb_budget_add(&budget, root, "/proc", 7, 0);
	assert_int_equal(budget.n, 2);
	assert_int_equal(budget.at[0].need, 150);
	assert_int_equal(budget.at[0].inodes, 3);
	assert_string_equal(budget.at[0].path, kb_test_dir());
	assert_int_equal(budget.at[1].need, 7);
	kb_budget_add(&budget, root, deep, UINT64_MAX, 0);
	assert_true(budget.at[0].need == UINT64_MAX);
}

static int read_os(const char *text, struct kb_osrelease *os)
{
	struct kb_err err;

	return kb_osrelease_parse(text, strlen(text), os, &err);
}

KB_TEST(osrelease_takes_plain_words)
{
	struct kb_osrelease os;

	assert_int_equal(read_os("PRETTY_NAME=\"Debian\"\nVERSION_ID=\"13\"\nID=debian\n", &os), 0);
	assert_string_equal(os.id, "debian");
	assert_string_equal(os.version, "13");
	assert_int_equal(read_os("ID='ubuntu'\r\nVERSION_ID=24.04", &os), 0);
	assert_string_equal(os.id, "ubuntu");
	assert_string_equal(os.version, "24.04");
	assert_int_equal(read_os("", &os), 0);
	assert_string_equal(os.id, "linux");
	assert_string_equal(os.version, "");
	assert_int_equal(read_os("ID=$(reboot)\n", &os), KB_E_TARGET);
	assert_int_equal(read_os("ID=\"a b\"\n", &os), KB_E_TARGET);
}

KB_TEST(versions_compare_as_numbers)
{
	assert_true(kb_version_cmp("9", "10") < 0);
	assert_true(kb_version_cmp("13", "13") == 0);
	assert_true(kb_version_cmp("13", "13.1") < 0);
	assert_true(kb_version_cmp("24.04", "24.4") == 0);
	assert_true(kb_version_cmp("24.10", "24.04") > 0);
	assert_true(kb_version_cmp("", "1") < 0);
}

KB_TEST(osrelease_is_matched_against_the_manifest)
{
	char debian[] = "debian", min[] = "12", max[] = "13";
	struct kb_os range = {.id = debian, .min = min, .max = max};
	struct kb_manifest m = {.os = &range, .n_os = 1}, any = {.n_os = 0};
	struct kb_osrelease os = {.id = "debian", .version = "12"};

	assert_true(kb_osrelease_accepted(&os, &m));
	strcpy(os.version, "14");
	assert_false(kb_osrelease_accepted(&os, &m));
	strcpy(os.version, "");
	assert_false(kb_osrelease_accepted(&os, &m));
	assert_true(kb_osrelease_accepted(&os, &any));
	strcpy(os.version, "13");
	strcpy(os.id, "ubuntu");
	assert_false(kb_osrelease_accepted(&os, &m));
}

/* C5, C8: what may stay is a short list of plain values. */
KB_TEST(environment_keeps_three_harmless_words)
{
	char *hostile[] = {
		"LD_PRELOAD=/x", "TERM=xterm-256color", "TERM=second", "PATH=/x", "NO_COLOR=yes",
		"COLUMNS=80",    "GLIBC_TUNABLES=x",    "novalue",     NULL};
	char *strange[] = {"TERM=\033[2J", "COLUMNS=8 0", "NO_COLOR=", "TERMX=1", NULL};
	kb_autofree const char **clean = kb_setup_clean_env(hostile);
	kb_autofree const char **none = kb_setup_clean_env(strange);

	assert_string_equal(clean[0], "TERM=xterm-256color");
	assert_string_equal(clean[1], "NO_COLOR=1");
	assert_string_equal(clean[2], "COLUMNS=80");
	assert_null(clean[3]);
	assert_null(none[0]);
}
