#include "core/name.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "core/mem.h"

static void refuse(const char *path)
{
	struct kb_err err = {0};
	kb_autofree char *host = kb_format("/%s", path);

	assert_int_equal(kb_name_check_relative(path, &err), KB_E_PATH);
	assert_int_equal(err.code, KB_E_PATH);
	if (path[0] != '/')
		assert_int_equal(kb_name_check_host_path(host, NULL), KB_E_PATH);
}

static void accept(const char *path)
{
	kb_autofree char *host = kb_format("/%s", path);

	assert_int_equal(kb_name_check_relative(path, NULL), 0);
	assert_int_equal(kb_name_check_host_path(host, NULL), 0);
}

static char *repeat(char c, size_t n)
{
	char *s = kb_alloc(n + 1, 1);

	memset(s, c, n);
	return s;
}

KB_TEST(name_accepts_ordinary_paths)
{
	accept("a");
	accept("opt/keybuzz/redis/redis.conf");
	accept("...");
	accept("..a/.b/c..");
	accept("-rf");
	accept("a\\b");
	accept("caf\xc3\xa9/\xe2\x82\xac");
	accept("opt/x y");
}

KB_TEST(name_D1_parent_components)
{
	refuse("../x");
	refuse("..");
	refuse("a/..");
}

KB_TEST(name_D2_parent_components_inside)
{
	refuse("a/../../x");
	refuse("a/../b");
}

KB_TEST(name_D3_absolute)
{
	struct kb_err err = {0};

	refuse("/etc/x");
	refuse("/");
	refuse("//x");
	kb_name_check_relative("/etc/x", &err);
	assert_string_equal(err.text, "path \"/etc/x\": is absolute");
	assert_int_equal(kb_name_check_host_path("etc/x", NULL), KB_E_PATH);
	assert_int_equal(kb_name_check_host_path("/", NULL), KB_E_PATH);
	assert_int_equal(kb_name_check_host_path("//", NULL), KB_E_PATH);
}

KB_TEST(name_D4_dot_and_empty_components)
{
	refuse("");
	refuse(".");
	refuse("./a");
	refuse("a/./b");
	refuse("a/.");
	refuse("a//b");
	refuse("a/");
	refuse("a/b//");
}

KB_TEST(name_D5_too_long)
{
	kb_autofree char *c255 = repeat('c', 255), *c256 = repeat('c', 256);
	kb_autofree char *deep = repeat('/', KB_NAME_PATH_MAX + 1);

	accept(c255);
	refuse(c256);
	for (size_t i = 0; i < KB_NAME_PATH_MAX + 1; i += 2)
		deep[i] = 'd';
	assert_int_equal(kb_name_check_relative_n(deep, KB_NAME_PATH_MAX - 1, NULL), 0);
	assert_int_equal(kb_name_check_relative_n(deep, KB_NAME_PATH_MAX + 1, NULL), KB_E_PATH);
}

KB_TEST(name_D6_characters)
{
	struct kb_err err = {0};

	assert_int_equal(kb_name_check_relative_n("a\0b", 3, &err), KB_E_PATH);
	assert_string_equal(err.text, "path \"a\\x00b\": holds a control character");
	refuse("a\nb");
	refuse("a\x1b[2J");
	refuse("a\x7f");
	refuse("a\xc2\x85");     /* NEL */
	refuse("a\xe2\x80\xa8"); /* line separator */
	refuse("a\xff");
	refuse("a\xc0\xaf");     /* overlong slash */
	refuse("a\xed\xa0\x80"); /* surrogate */
	refuse("a\xc3");
}

KB_TEST(name_D6_non_nfc_twins)
{
	accept("\xc3\xa9");     /* composed */
	refuse("e\xcc\x81");    /* the same letter in two code points */
	refuse("\xe2\x84\xab"); /* Angstrom sign, which normalises to a letter */
}

KB_TEST(name_host_paths_that_are_not_ours)
{
	static const char *const closed[] = {
		"/proc",
		"/proc/sys/kernel/core_pattern",
		"/sys/x",
		"/dev/sda",
		"/run/keybuzz",
		"/run/keybuzz/lock",
		"/var/run/keybuzz/x",
		"/var/lib/keybuzz/journal",
		"/etc/keybuzz/trust/mine.pub",
	};

	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		assert_int_equal(kb_name_check_host_path(closed[i], NULL), KB_E_PATH);
	assert_int_equal(kb_name_check_host_path("/procs", NULL), 0);
	assert_int_equal(kb_name_check_host_path("/var/lib/keybuzz2/x", NULL), 0);
	assert_int_equal(kb_name_check_host_path("/run/redis", NULL), 0);
	assert_int_equal(kb_name_check_host_path("/etc/keybuzz-site/x", NULL), 0);
}

static int conflict(const struct kb_name_entry *entries, size_t n, const char *word)
{
	struct kb_err err = {0};
	int r = kb_name_conflict(entries, n, &err);

	if (word) {
		assert_int_equal(r, KB_E_PATH);
		assert_non_null(strstr(err.text, word));
	}
	return r;
}

KB_TEST(name_D12_file_and_folder_of_one_name)
{
	const struct kb_name_entry twice[] = {{"a", true}, {"b", false}, {"a", false}};
	const struct kb_name_entry good[] = {
		{"a/b", false}, {"a", true}, {"a-b", false}, {"a/b.c", true}};

	conflict(twice, 3, "the same path twice");
	assert_int_equal(conflict(good, 4, NULL), 0);
	assert_int_equal(conflict(NULL, 0, NULL), 0);
}

KB_TEST(name_D12_case_twins)
{
	const struct kb_name_entry files[] = {{"x/A", false}, {"x/b", false}, {"x/a", false}};
	const struct kb_name_entry folders[] = {{"A/one", false}, {"a/two", false}};
	const struct kb_name_entry mixed[] = {{"a/b/c", false}, {"A/B", true}};
	const struct kb_name_entry apart[] = {{"ab/one", false}, {"A/two", false}, {"aB1", false}};

	conflict(files, 3, "upper and lower case");
	conflict(folders, 2, "upper and lower case");
	conflict(mixed, 2, "upper and lower case");
	assert_int_equal(conflict(apart, 3, NULL), 0);
}

KB_TEST(name_D14_duplicates_and_prefixes)
{
	const struct kb_name_entry twice[] = {{"a/b", false}, {"c", false}, {"a/b", false}};
	/* in the order of bytes, "a-b" and "a.c" stand between "a" and "a/b" */
	const struct kb_name_entry prefix[] = {
		{"a", false}, {"a-b", false}, {"a.c", false}, {"a/b", false}};
	const struct kb_name_entry far[] = {{"x/y", false}, {"x/y/z/deep", false}, {"x", true}};

	conflict(twice, 3, "the same path twice");
	conflict(prefix, 4, "is a file");
	conflict(far, 3, "is a file");
}

KB_TEST(name_conflict_agrees_with_the_definition)
{
	static const char *const parts[] = {"a",   "A",     "b",  "a/b", "a/B",
					    "A/b", "a/b/c", "a-", "a/-"};
	const size_t n = sizeof(parts) / sizeof(parts[0]);

	/* all pairs of paths as files: only these may stand together */
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			struct kb_name_entry pair[] = {{parts[i], false}, {parts[k], false}};
			bool first_a = parts[i][0] == 'A', second_a = parts[k][0] == 'A';
			size_t x = strlen(parts[i]), y = strlen(parts[k]);
			bool expected = i == k;

			if (strncmp(parts[i], parts[k], x) == 0 && parts[k][x] == '/')
				expected = true;
			if (strncmp(parts[k], parts[i], y) == 0 && parts[i][y] == '/')
				expected = true;
			if (first_a != second_a && parts[i][0] != 'b' && parts[k][0] != 'b' &&
			    strcmp(parts[i], "a-") != 0 && strcmp(parts[k], "a-") != 0)
				expected = true;
			if (strcmp(parts[i], "a/B") == 0 && strncmp(parts[k], "a/b", 3) == 0)
				expected = true;
			if (strcmp(parts[k], "a/B") == 0 && strncmp(parts[i], "a/b", 3) == 0)
				expected = true;
			assert_int_equal(kb_name_conflict(pair, 2, NULL), expected ? KB_E_PATH : 0);
		}
	}
}

KB_TEST(name_ids)
{
	kb_autofree char *longest = repeat('a', KB_NAME_ID_MAX), *over = repeat('a', 64);
	static const char *const bad[] = {"",   "-a",  "A",     "a_b", "a.b",     "a/b",
					  "..", "a b", "$(id)", "a\n", "\xc3\xa9"};

	assert_int_equal(kb_name_check_id("redis", NULL), 0);
	assert_int_equal(kb_name_check_id("0", NULL), 0);
	assert_int_equal(kb_name_check_id("k3s-server", NULL), 0);
	assert_int_equal(kb_name_check_id(longest, NULL), 0);
	assert_int_equal(kb_name_check_id(over, NULL), KB_E_INVALID);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(kb_name_check_id(bad[i], NULL), KB_E_INVALID);
}
