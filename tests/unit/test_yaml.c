/* builder/yaml.c and builder/schema.c; E numbers are those of the list of
 * hostile inputs: manifests are refused with file, line and column. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "builder/schema.h"
#include "builder/yaml.h"
#include "core/file.h"
#include "core/mem.h"

/* All findings as they are printed. */
static char *findings(struct kb_diag *diag)
{
	struct kb_buf out = KB_BUF_INIT;

	kb_diag_sort(diag);
	for (size_t i = 0; i < diag->n; i++)
		kb_buf_printf(&out, "%s:%zu:%zu: %s\n", diag->items[i].file, diag->items[i].line,
			      diag->items[i].column, diag->items[i].text);
	if (diag->dropped)
		kb_buf_printf(&out, "and %zu more\n", diag->dropped);
	kb_diag_free(diag);
	return kb_buf_steal(&out);
}

static void expect_n(const char *text, size_t len, const char *wanted)
{
	struct kb_diag diag = KB_DIAG_INIT;
	struct kb_yaml *yaml = NULL;
	struct kb_err err = {.code = 0};
	kb_autofree char *found = NULL;
	int r = kb_yaml_parse("f", text, len, &diag, &yaml, &err);

	assert_int_equal(r < 0, yaml == NULL);
	if (r < 0)
		assert_int_equal(err.code, KB_E_INVALID);
	kb_yaml_free(yaml);
	found = findings(&diag);
	assert_string_equal(found, wanted);
}

static void expect(const char *text, const char *wanted)
{
	expect_n(text, strlen(text), wanted);
}

/* Of this process: what others do on the machine is no failure. */
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

KB_TEST(tree_has_positions)
{
	static const char text[] = "a: 1\nb:\n  - x\n  - {c: 'd e', \"f\": [g]}\n";
	struct kb_diag diag = KB_DIAG_INIT;
	const struct kb_yaml_node *root, *b;
	struct kb_yaml *yaml;

	assert_int_equal(kb_yaml_parse("f", text, strlen(text), &diag, &yaml, NULL), 0);
	root = kb_yaml_root(yaml);
	assert_string_equal(kb_yaml_name(yaml), "f");
	assert_int_equal(root->kind, KB_YAML_MAP);
	assert_int_equal(root->n, 2);
	assert_string_equal(root->members[0].key, "a");
	assert_true(root->members[0].value->plain);
	assert_string_equal(root->members[0].value->text, "1");
	b = root->members[1].value;
	assert_int_equal(root->members[1].line, 2);
	assert_int_equal(root->members[1].column, 1);
	assert_int_equal(b->kind, KB_YAML_LIST);
	assert_int_equal(b->members[1].value->line, 4);
	assert_int_equal(b->members[1].value->column, 5);
	assert_string_equal(b->members[1].value->members[0].key, "c");
	assert_string_equal(b->members[1].value->members[0].value->text, "d e");
	assert_false(b->members[1].value->members[0].value->plain);
	assert_int_equal(b->members[1].value->members[0].value->column, 9);
	assert_int_equal(kb_diag_count(&diag), 0);
	kb_yaml_free(yaml);
}

KB_TEST(columns_count_characters)
{
	expect("\"é\": 1\nb: [é, *x]\n",
	       "f:2:8: aliases (*x) are not supported; write the value out\n");
}

KB_TEST(what_is_ordinary_is_accepted)
{
	expect("---\na: 'b'\n...\n", "");
	expect("# words\na: |\n  two\n  lines\nb: >-\n  folded\n  text\n", "");
	expect("{a: [], b: {}}", "");
	expect("a: b", "");
}

KB_TEST(e2_nesting_is_limited)
{
	char text[200];

	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	expect_n(text + 1, 128, "");
	expect_n(text, 130, "f:1:65: nested deeper than 64 levels\n");
}

/* N times PIECE is refused, last with WANTED, in a fraction of a second; what is
 * quadratic takes minutes, and sanitizers are given ten seconds. */
static void ends_soon(const char *piece, size_t n, const char *wanted)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	kb_autofree char *found = NULL;
	struct kb_yaml *yaml;
	double begin;

	for (size_t i = 0; i < n; i++)
		kb_buf_puts(&text, piece);
	begin = seconds();
	assert_true(kb_yaml_parse("f", text.data, text.len, &diag, &yaml, NULL) < 0);
	assert_true(seconds() - begin < 10.0);
	found = findings(&diag);
	assert_true(strlen(found) >= strlen(wanted));
	assert_string_equal(found + strlen(found) - strlen(wanted), wanted);
}

KB_TEST(e2_100000_brackets_end_soon)
{
	ends_soon("[", 100000, "f:1:65: nested deeper than 64 levels\n");
	ends_soon("{", 100000, "f:1:65: nested deeper than 64 levels\n");
	ends_soon("- ", 100000, "f:1:129: nested deeper than 64 levels\n");
	ends_soon("? ", 100000, "f:1:129: nested deeper than 64 levels\n");
	ends_soon("[a, {b: ", 100000, "f:1:257: nested deeper than 64 levels\n");
}

KB_TEST(e3_aliases_are_refused)
{
	expect("a: &x [l, l]\nb: [*x, *x]\nc: *undefined\n",
	       "f:1:4: anchors (&x) are not supported; write the value out\n"
	       "f:2:5: aliases (*x) are not supported; write the value out\n"
	       "f:2:9: aliases (*x) are not supported; write the value out\n"
	       "f:3:4: aliases (*undefined) are not supported; write the value out\n");
	expect("a: &a [*a]\n", "f:1:4: anchors (&a) are not supported; write the value out\n"
			       "f:1:8: aliases (*a) are not supported; write the value out\n");
	expect("*a : 1\n", "f:1:1: aliases (*a) are not supported; write the value out\n");
}

KB_TEST(e4_duplicate_keys_are_refused)
{
	expect("a: 1\nb: 2\na: 3\n\"a\": 4\n",
	       "f:3:1: duplicate key \"a\"; it stands first in line 1\n"
	       "f:4:1: duplicate key \"a\"; it stands first in line 1\n");
	expect("a: {b: 1, b: 2}\nc: {b: 1}\n",
	       "f:1:11: duplicate key \"b\"; it stands first in line 1\n");
}

KB_TEST(e4_merge_keys_tags_documents_directives_are_refused)
{
	expect("a: {<<: {b: 1}, c: 2}\n",
	       "f:1:5: merge keys are not supported; write the keys out\n");
	expect("a: !!python/object:os.system x\nb: !!binary aGFsbG8=\nc: !x [1]\nd: !<y> {}\n",
	       "f:1:4: tags (tag:yaml.org,2002:python/object:os.system) are not supported; every "
	       "key has its type already\n"
	       "f:2:4: tags (tag:yaml.org,2002:binary) are not supported; every key has its type "
	       "already\n"
	       "f:3:4: tags (!x) are not supported; every key has its type already\n"
	       "f:4:4: tags (y) are not supported; every key has its type already\n");
	expect("a: 1\n---\nb: 2\n", "f:2:1: a second document; a file holds one\n");
	expect("%YAML 1.1\n---\na: 1\n",
	       "f:1:1: directives (%..) are not supported; remove the line\n");
	expect("%TAG ! tag:x,2000:\n---\na: 1\n",
	       "f:1:1: directives (%..) are not supported; remove the line\n");
	expect("? [a, b]\n: 1\n? {c: d}\n: 2\nx: 1\n", "f:1:3: a key is text, not a list or map\n"
						       "f:3:3: a key is text, not a list or map\n");
	expect("\"\": 1\n", "f:1:1: a key is missing here\n");
}

KB_TEST(e5_what_is_not_plain_utf8_is_refused)
{
	expect("\xef\xbb\xbf"
	       "a: 1\n",
	       "f:1:1: byte order mark; save the file as UTF-8 without it\n");
	expect_n("\xff\xfe"
		 "a\0",
		 4, "f:1:1: UTF-16; save the file as UTF-8\n");
	expect_n("\xfe\xff\0a", 4, "f:1:1: UTF-16; save the file as UTF-8\n");
	expect("a: 1\nb: \xc3(\n", "f:2:4: not UTF-8 (byte 0xc3)\n");
	expect("a: \xc0\xaf\n", "f:1:4: not UTF-8 (byte 0xc0)\n");
	expect_n("a: b\0c\n", 7, "f:1:5: control character U+0000\n");
	expect("a: 1\r\nb: 2\r\n", "f:1:5: carriage return; save the file with LF line ends\n");
	expect("a: \x1b[31m\n", "f:1:4: control character U+001B\n");
	expect("a: x\xc2\x85y\n", "f:1:5: control character U+0085\n");
	expect("a: \"x\\0y\"\nb: \"\\e[2J\"\nc: \"a\\nb\"\n",
	       "f:1:4: the text holds the control character U+0000\n"
	       "f:2:4: the text holds the control character U+001B\n");
	expect("a:\n\tb: 1\n", "f:2:1: a tab where YAML wants spaces; indent with spaces\n");
	expect("", "f:1:1: the file is empty\n");
	expect("# nothing\n", "f:1:1: the file is empty\n");
}

KB_TEST(e5_size_and_number_are_limited)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	kb_buf_puts(&text, "a: ");
	while (text.len < KB_YAML_MAX)
		kb_buf_putc(&text, 'x');
	expect_n(text.data, text.len, "");
	kb_buf_putc(&text, 'x');
	expect_n(text.data, text.len, "f:0:0: 4194305 bytes, at most 4194304\n");
	ends_soon("- x\n", 1000000, "f:100000:3: more than 100000 values\n");
}

KB_TEST(syntax_errors_have_their_place)
{
	expect("a: [1, 2\nb: 3\n", "f:2:2: did not find expected ',' or ']' (while parsing a flow "
				   "sequence that begins in line 1)\n");
	expect("a: 'x\n", "f:2:1: found unexpected end of stream (while scanning a quoted scalar "
			  "that begins in line 1)\n");
	expect("a: b: c\n", "f:1:5: mapping values are not allowed in this context\n");
	expect("a: @x\n", "f:1:4: found character that cannot start any token (while scanning for "
			  "the next token)\n");
}

KB_TEST(e9_only_regular_files_below_the_folder_are_read)
{
	kb_autofree char *dir = kb_format("%s/yaml", kb_test_dir());
	kb_autofree char *file = kb_format("%s/ok", dir);
	kb_autofree char *link = kb_format("%s/link", dir);
	kb_autofree char *linked = kb_format("%s/linked", dir);
	kb_autofree char *fifo = kb_format("%s/fifo", dir);
	static const char *const paths[] = {"link", "linked/passwd", "fifo", "none", "../x", "."};
	static const char *const wanted[] = {
		"n:0:0: link: a symbolic link; put the file itself there\n",
		"n:0:0: linked/passwd: a part of the path is not a folder, or is a symbolic link\n",
		"n:0:0: fifo: not a regular file\n",
		"n:0:0: none: there is no such file\n",
		"n:0:0: path \"../x\": has the component \"..\"\n",
		"n:0:0: .: not a regular file\n",
	};
	struct kb_diag diag = KB_DIAG_INIT;
	struct kb_yaml *yaml = NULL;
	kb_autoclose int fd = -1;

	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(kb_file_replace(file, "a: 1\n", 5, 0644, NULL), 0);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(symlink("/etc", linked), 0);
	assert_int_equal(mkfifo(fifo, 0644), 0);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(kb_yaml_load(fd, "ok", "n", &diag, &yaml, NULL), 0);
	kb_yaml_free(yaml);
	for (size_t i = 0; i < 6; i++) {
		kb_autofree char *found = NULL;

		assert_true(kb_yaml_load(fd, paths[i], "n", &diag, &yaml, NULL) < 0);
		found = findings(&diag);
		assert_string_equal(found, wanted[i]);
	}
}

/* A map with one key of each type. */
static char *typed(const char *text)
{
	struct kb_diag diag = KB_DIAG_INIT;
	struct kb_schema in = {"f", &diag};
	struct kb_schema_map map;
	struct kb_yaml *yaml;
	char **list;
	size_t n;

	assert_int_equal(kb_yaml_parse("f", text, strlen(text), &diag, &yaml, NULL), 0);
	kb_schema_open(&in, kb_yaml_root(yaml), "f", &map);
	free(kb_schema_text(&map, "text", "none"));
	kb_schema_bool(&map, "truth", false);
	kb_schema_number(&map, "number", 1, 2147483647, 1);
	kb_schema_mode(&map, "mode", 0644);
	kb_schema_duration(&map, "timeout", 86400, 60);
	kb_schema_texts(&map, "packages", &list, &n);
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
	kb_schema_close(&map);
	kb_yaml_free(yaml);
	return findings(&diag);
}

static void expect_typed(const char *text, const char *wanted)
{
	kb_autofree char *found = typed(text);

	assert_string_equal(found, wanted);
}

KB_TEST(e6_text_is_never_guessed)
{
	static const char *const same[] = {"no",   "yes", "on",         "010", "1_000",
					   ".inf", "0x1", "2001-01-01", "1.0", "true"};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		kb_autofree char *text = kb_format("text: %s\n", same[i]);
		struct kb_diag diag = KB_DIAG_INIT;
		struct kb_schema in = {"f", &diag};
		struct kb_schema_map map;
		struct kb_yaml *yaml;
		kb_autofree char *got = NULL;

		assert_int_equal(kb_yaml_parse("f", text, strlen(text), &diag, &yaml, NULL), 0);
		kb_schema_open(&in, kb_yaml_root(yaml), "f", &map);
		got = kb_schema_text(&map, "text", NULL);
		assert_string_equal(got, same[i]);
		kb_schema_close(&map);
		kb_yaml_free(yaml);
		assert_int_equal(kb_diag_count(&diag), 0);
	}
	expect_typed("text:\n", "f:1:6: text: expected text, found nothing\n");
	expect_typed("text: ~\n", "f:1:7: text: expected text, found ~\n");
	expect_typed("text: null\n", "f:1:7: text: expected text, found null\n");
	expect_typed("text: \"null\"\n", "");
	expect_typed("text: ''\n", "f:1:7: text: expected text, found an empty text\n");
	expect_typed("text: [a]\n", "f:1:7: text: expected text, found a list\n");
	expect_typed("text: \"a\\nb\"\n", "f:1:7: text: a line end or tab in the text\n");
}

KB_TEST(e6_a_boolean_is_true_or_false)
{
	expect_typed("truth: true\n", "");
	expect_typed("truth: yes\n", "f:1:8: truth: expected true or false, found yes\n");
	expect_typed("truth: True\n", "f:1:8: truth: expected true or false, found True\n");
	expect_typed("truth: 'true'\n",
		     "f:1:8: truth: expected true or false, found the quoted text \"true\"\n");
	expect_typed("truth: {}\n", "f:1:8: truth: expected true or false, found a map\n");
}

KB_TEST(e6_e11_a_number_is_plain_decimal_within_bounds)
{
	static const char *const bad[] = {"010",
					  "1_000",
					  ".inf",
					  "0x10",
					  "-1",
					  "+1",
					  "1e9",
					  "1.0",
					  "0",
					  "2147483648",
					  "9223372036854775808",
					  "18446744073709551616",
					  "99999999999999999999999999"};

	expect_typed("number: 2147483647\n", "");
	expect_typed("number: '5'\n",
		     "f:1:9: number: expected a number from 1 to 2147483647, found "
		     "the quoted text \"5\"\n");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kb_autofree char *text = kb_format("number: %s\n", bad[i]);
		kb_autofree char *wanted = kb_format(
			"f:1:9: number: expected a number from 1 to 2147483647, found %s\n",
			bad[i]);

		expect_typed(text, wanted);
	}
}

KB_TEST(e11_durations_are_bounded)
{
	static const char *const good[] = {"1", "90", "90s", "5m", "24h", "1440m", "86400"};
	static const char *const bad[] = {"0",
					  "-1",
					  "1d",
					  "s",
					  "25h",
					  "86401",
					  "5 m",
					  "1h30m",
					  "05",
					  "1e9",
					  "18446744073709551615h"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		kb_autofree char *text = kb_format("timeout: %s\n", good[i]);

		expect_typed(text, "");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kb_autofree char *text = kb_format("timeout: %s\n", bad[i]);
		kb_autofree char *wanted =
			kb_format("f:1:10: timeout: expected a duration like 90, 90s, 5m or 1h, "
				  "at most 86400s, found %s\n",
				  bad[i]);

		expect_typed(text, wanted);
	}
}

KB_TEST(modes_are_quoted_octal)
{
	expect_typed("mode: \"0750\"\n", "");
	expect_typed(
		"mode: 0750\n",
		"f:1:7: mode: expected four octal digits in quotes, like \"0640\", found 0750\n");
	expect_typed("mode: \"750\"\n", "f:1:7: mode: expected four octal digits in quotes, like "
					"\"0640\", found the quoted text \"750\"\n");
	expect_typed("mode: \"4755\"\n", "f:1:7: mode: expected four octal digits in quotes, like "
					 "\"0640\", found the quoted text \"4755\"\n");
	expect_typed("mode: \"0777\"\n", "f:1:7: mode: \"0777\" lets everyone write\n");
}

KB_TEST(e7_unknown_keys_get_the_nearest_name)
{
	expect_typed("packges: [a]\nnumbr: 1\nzebra: 1\ntime: 1\nnum: 1\nte: 1\n",
		     "f:1:1: unknown key \"packges\"; did you mean \"packages\"?\n"
		     "f:2:1: unknown key \"numbr\"; did you mean \"number\"?\n"
		     "f:3:1: unknown key \"zebra\"\n"
		     "f:4:1: unknown key \"time\"; did you mean \"timeout\"?\n"
		     "f:5:1: unknown key \"num\"\n"
		     "f:6:1: unknown key \"te\"; did you mean \"text\"?\n");
}

KB_TEST(all_faults_are_shown_in_one_run)
{
	expect_typed("text: {}\ntruth: 1\ntruth: 2\nnumber: &x x\npackages: [a, [b], ~]\n",
		     "f:1:7: text: expected text, found a map\n"
		     "f:2:8: truth: expected true or false, found 1\n"
		     "f:3:1: duplicate key \"truth\"; it stands first in line 2\n"
		     "f:4:9: anchors (&x) are not supported; write the value out\n"
		     "f:4:9: number: expected a number from 1 to 2147483647, found x\n"
		     "f:5:15: packages: expected text, found a list\n"
		     "f:5:20: packages: expected text, found ~\n");
}

KB_TEST(refused_values_are_reported_once)
{
	expect_typed("text: *x\ntruth: *x\nnumber: *x\nmode: *x\ntimeout: *x\npackages: *x\n",
		     "f:1:7: aliases (*x) are not supported; write the value out\n"
		     "f:2:8: aliases (*x) are not supported; write the value out\n"
		     "f:3:9: aliases (*x) are not supported; write the value out\n"
		     "f:4:7: aliases (*x) are not supported; write the value out\n"
		     "f:5:10: aliases (*x) are not supported; write the value out\n"
		     "f:6:11: aliases (*x) are not supported; write the value out\n");
}

KB_TEST(variables_keep_what_is_written)
{
	static const char text[] =
		"a: no\nb: true\nc: 'true'\nd: [1, 010]\ne: {f: \"x\\ny\"}\ng-h: 1\ni: ~\nj: ''\n";
	struct kb_diag diag = KB_DIAG_INIT;
	struct kb_schema in = {"f", &diag};
	kb_autovalue struct kb_value *v = NULL;
	kb_autofree char *found = NULL;
	struct kb_yaml *yaml;

	assert_int_equal(kb_yaml_parse("f", text, strlen(text), &diag, &yaml, NULL), 0);
	v = kb_schema_value(&in, kb_yaml_root(yaml), "variables");
	kb_yaml_free(yaml);
	assert_string_equal(kb_value_str(kb_value_get(v, "a"), NULL), "no");
	assert_int_equal(kb_value_kind(kb_value_get(v, "b")), KB_VALUE_BOOL);
	assert_int_equal(kb_value_kind(kb_value_get(v, "c")), KB_VALUE_TEXT);
	assert_string_equal(kb_value_str(kb_value_at(kb_value_get(v, "d"), 1), NULL), "010");
	assert_string_equal(kb_value_str(kb_value_get(kb_value_get(v, "e"), "f"), NULL), "x\ny");
	assert_string_equal(kb_value_str(kb_value_get(v, "j"), NULL), "");
	found = findings(&diag);
	assert_string_equal(found, "f:6:1: \"g-h\" cannot be named in a template; use letters, "
				   "digits and _\n"
				   "f:7:4: i: expected a value, found ~\n");
}

KB_TEST(variables_are_bounded_as_the_manifest_is)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	struct kb_schema in = {"f", &diag};
	kb_autofree char *found = NULL;
	struct kb_yaml *yaml;

	kb_buf_puts(&text, "ok: [[[[[[[x]]]]]]]\ndeep: [[[[[[[[x]]]]]]]]\nlong: ");
	for (int i = 0; i < 4097; i++)
		kb_buf_putc(&text, 'x');
	assert_int_equal(kb_yaml_parse("f", text.data, text.len, &diag, &yaml, NULL), 0);
	kb_value_free(kb_schema_value(&in, kb_yaml_root(yaml), "variables"));
	kb_yaml_free(yaml);
	found = findings(&diag);
	assert_string_equal(found, "f:2:15: deep: variables are nested deeper than 8 levels\n"
				   "f:3:7: long: 4097 bytes, at most 4096\n");
}
