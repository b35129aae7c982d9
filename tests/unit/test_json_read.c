#include "core/json_read.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "tests/unit/unit.h"

/* From a copy of exactly its length, so that reading past it is seen. */
static int parse_n(const char *text, size_t len, struct kb_value **ret, struct kb_err *err)
{
	char *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, text, len);
	rc = kb_json_parse("t", copy, len, ret, err);
	free(copy);
	return rc;
}

static struct kb_value *parsed(const char *text)
{
	struct kb_value *v = NULL;
	struct kb_err err = {0};

	if (parse_n(text, strlen(text), &v, &err) < 0)
		print_message("%s: %s\n", text, err.text);
	assert_non_null(v);
	return v;
}

static void expect_text(const char *text, const char *value)
{
	kb_autovalue struct kb_value *v = parsed(text);

	assert_int_equal(kb_value_kind(v), KB_VALUE_TEXT);
	assert_string_equal(kb_value_str(v, NULL), value);
}

static void expect_refused_n(const char *text, size_t len, const char *why)
{
	struct kb_value *v = NULL;
	struct kb_err err = {0};

	assert_int_equal(parse_n(text, len, &v, &err), KB_E_INVALID);
	assert_null(v);
	if (!strstr(err.text, why))
		print_message("%s: %s\n", text, err.text);
	assert_non_null(strstr(err.text, why));
}

static void expect_refused(const char *text, const char *why)
{
	expect_refused_n(text, strlen(text), why);
}

KB_TEST(json_scalars_are_read)
{
	kb_autovalue struct kb_value *t = parsed(" true\r\n\t"), *n = parsed("null");

	assert_true(kb_value_truth(t));
	assert_int_equal(kb_value_kind(n), KB_VALUE_NULL);
	expect_text("\"\"", "");
	expect_text("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00\"",
		    "a\"\\/\b\f\n\r\té€😀");
	expect_text("\"é€😀\"", "é€😀");
	expect_text("-0", "-0");
	expect_text("18446744073709551616", "18446744073709551616");
	expect_text("-12.50e+007", "-12.50e+007");
}

KB_TEST(json_containers_are_read)
{
	kb_autovalue struct kb_value *v =
		parsed("{\"b\":[1,[],{},[2,{\"c\":null}]],\"a\":{\"n\":42,\"s\":\"x\"},\"\":{}}");

	assert_int_equal(kb_value_count(v), 3);
	assert_int_equal(kb_value_count(kb_value_get(v, "b")), 4);
	assert_string_equal(kb_json_member(kb_value_get(v, "a"), "s"), "x");
	assert_int_equal(kb_json_member_u64(kb_value_get(v, "a"), "n"), 42);
	assert_int_equal(kb_json_member_u64(kb_value_get(v, "a"), "s"), 0);
	assert_string_equal(kb_json_member(v, "absent"), "");
	assert_string_equal(kb_json_member(NULL, "absent"), "");
	assert_string_equal(kb_json_member(kb_value_get(v, "b"), "absent"), "");
}

KB_TEST(json_numbers_beyond_64_bits_are_no_size)
{
	kb_autovalue struct kb_value *v = parsed(
		"{\"a\":18446744073709551615,\"b\":18446744073709551616,\"c\":1.5,\"d\":-1}");

	assert_true(kb_json_member_u64(v, "a") == UINT64_MAX);
	assert_true(kb_json_member_u64(v, "b") == 0);
	assert_true(kb_json_member_u64(v, "c") == 0);
	assert_true(kb_json_member_u64(v, "d") == 0);
}

KB_TEST(what_is_not_json_is_refused)
{
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"[",
		"\"",
		"\"\\",
		"\"\\u",
		"\"\\u12",
		"{]",
		"[}",
		"[1,]",
		"{,}",
		"[,1]",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":}",
		"{a:1}",
		"{\"a\":1,}",
		"{1:2}",
		"[1 2]",
		"tru",
		"nul",
		"True",
		"01",
		"1.",
		".5",
		"1e",
		"+1",
		"-",
		"--1",
		"0x1",
		"NaN",
		"1 1",
		"{} {}",
		"[]]",
		"'a'",
		"\"a",
		"/**/1",
		"[1]//",
		"\"\\x41\"",
		"\xef\xbb\xbf[]",
		"[\"a\":1]",
		"{\"a\" 1}",
		"{\"a\",1}",
		"infinity",
		"1e+",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_refused(texts[i], "not JSON");
}

KB_TEST(json_text_two_readers_could_differ_on_is_refused)
{
	expect_refused("{\"a\":1,\"b\":2,\"a\":1}", "a member twice");
	expect_refused("{\"a\":1,\"\\u0061\":1}", "a member twice");
	expect_refused("\"\\u0000\"", "\\u0000 is refused");
	expect_refused("\"\\ud800\"", "surrogate");
	expect_refused("\"\\ud800\\u0041\"", "surrogate");
	expect_refused("\"\\udc00\"", "surrogate");
	expect_refused("\"\xff\"", "not UTF-8");
	expect_refused("\"\xc0\xaf\"", "not UTF-8");
	expect_refused("\"\xed\xa0\x80\"", "not UTF-8");
	expect_refused("\"\xe2\x82\"", "not UTF-8");
	expect_refused("\"a\nb\"", "control character");
	expect_refused_n("\"a\0b\"", 5, "control character");
	expect_refused_n("1\0", 2, "more text");
}

KB_TEST(json_faults_have_a_place)
{
	expect_refused("{\n  \"a\": tru\n}", "t:2:8:");
	expect_refused("[1,\n2,\n 3 4]", "t:3:4:");
}

KB_TEST(json_is_bounded)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	kb_autovalue struct kb_value *v = NULL;

	for (int i = 0; i < KB_JSON_NEST_MAX; i++)
		kb_buf_puts(&text, "[");
	expect_refused(text.data, "a value expected");
	kb_buf_puts(&text, "[");
	expect_refused(text.data, "nested too deeply");
	kb_buf_clear(&text);
	kb_buf_puts(&text, "[0");
	for (int i = 1; i < KB_JSON_VALUES_MAX - 1; i++)
		kb_buf_puts(&text, ",0");
	kb_buf_puts(&text, "]");
	assert_int_equal(parse_n(text.data, text.len, &v, NULL), 0);
	text.data[text.len - 1] = ',';
	kb_buf_puts(&text, "0]");
	expect_refused(text.data, "too many values");
	kb_buf_clear(&text);
	kb_buf_reserve(&text, KB_JSON_TEXT_MAX + 1);
	memset(text.data, ' ', KB_JSON_TEXT_MAX + 1);
	expect_refused_n(text.data, KB_JSON_TEXT_MAX + 1, "bytes of JSON");
}

KB_TEST(json_cut_anywhere_is_refused)
{
	static const char text[] = "{\"a\":[1,{\"b\":\"\\u00e9é\"},true],\"c\":null}";

	for (size_t n = 0; n < sizeof(text) - 1; n++)
		expect_refused_n(text, n, "not JSON");
}
