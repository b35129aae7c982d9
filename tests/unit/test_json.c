#include "core/json.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "core/json_read.h"
#include "core/utf8.h"

KB_TEST(json_commas_and_nesting)
{
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;
	struct kb_json j;

	kb_json_init(&j, &buf);
	kb_json_object(&j);
	kb_json_key(&j, "a");
	kb_json_array(&j);
	kb_json_u64(&j, UINT64_MAX);
	kb_json_i64(&j, INT64_MIN);
	kb_json_object(&j);
	kb_json_object_end(&j);
	kb_json_array(&j);
	kb_json_array_end(&j);
	kb_json_array_end(&j);
	kb_json_key_text(&j, "t", "x");
	kb_json_key_text(&j, "n", NULL);
	kb_json_key_bool(&j, "b", true);
	kb_json_key_u64(&j, "exit", 0);
	kb_json_key(&j, "last");
	kb_json_bool(&j, false);
	kb_json_object_end(&j);
	kb_json_finish(&j);
	assert_string_equal(buf.data,
			    "{\"a\":[18446744073709551615,-9223372036854775808,{},[]],"
			    "\"t\":\"x\",\"n\":null,\"b\":true,\"exit\":0,\"last\":false}");
}

static void assert_text(const char *text, size_t len, const char *json)
{
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;
	struct kb_json j;

	kb_json_init(&j, &buf);
	kb_json_text_n(&j, text, len);
	kb_json_finish(&j);
	assert_string_equal(buf.data, json);
}

KB_TEST(json_strings_escaped)
{
	assert_text("a\"\\/\n\r\t", 7, "\"a\\\"\\\\/\\n\\r\\t\"");
	assert_text("\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\"");
	assert_text("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		    "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
	assert_text("", 0, "\"\"");
	/* what drives terminals and hides text: C1, separators, overrides */
	assert_text("\xc2\x9b\xe2\x80\xa8\xe2\x80\xae", 8, "\"\\u009b\\u2028\\u202e\"");
}

KB_TEST(json_invalid_bytes_become_replacement_characters)
{
	static const char fffd[] = "\"\xef\xbf\xbd\"", two[] = "\"\xef\xbf\xbd\xef\xbf\xbd\"";

	assert_text("\xff", 1, fffd);
	assert_text("\xc3", 1, fffd);
	assert_text("\xc0\xaf", 2, two);
	assert_text("\xe2\x82", 2, two);
	assert_text("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

KB_TEST(json_any_bytes_give_valid_output)
{
	uint32_t seed = 1;

	for (int round = 0; round < 2000; round++) {
		kb_autobuf struct kb_buf buf = KB_BUF_INIT;
		kb_autovalue struct kb_value *back = NULL;
		struct kb_json j;
		char text[24];

		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1664525 + 1013904223;
			/* NUL is written as \u0000, which our own reader refuses */
			text[i] = seed >> 24 ? (char)(seed >> 24) : 'x';
		}
		kb_json_init(&j, &buf);
		kb_json_text_n(&j, text, sizeof(text));
		assert_true(kb_utf8_valid(buf.data, buf.len));
		assert_int_equal(kb_json_parse("json", buf.data, buf.len, &back, NULL), 0);
	}
}

KB_TEST(json_appends_to_what_is_there)
{
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;
	struct kb_json j;

	for (int i = 0; i < 2; i++) {
		kb_json_init(&j, &buf);
		kb_json_array(&j);
		for (unsigned k = 1; k < KB_JSON_DEPTH_MAX; k++)
			kb_json_array(&j);
		for (unsigned k = 0; k < KB_JSON_DEPTH_MAX; k++)
			kb_json_array_end(&j);
		kb_json_finish(&j);
		kb_buf_putc(&buf, '\n');
	}
	assert_int_equal(buf.len, 2 * (2 * KB_JSON_DEPTH_MAX + 1));
}
