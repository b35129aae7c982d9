#include "core/value.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "core/json_read.h"
#include "core/mem.h"

KB_TEST(value_map_is_sorted_and_found_by_key)
{
	kb_autovalue struct kb_value *map = kb_value_map();
	const char *const keys[] = {"m", "b", "", "zz", "z", "a", "ab", "\xc3\xa9"};
	const char *const sorted[] = {"", "a", "ab", "b", "m", "z", "zz", "\xc3\xa9"};

	for (size_t i = 0; i < 8; i++)
		kb_value_set(map, keys[i], kb_value_text(keys[i]));
	assert_int_equal(kb_value_count(map), 8);
	for (size_t i = 0; i < 8; i++) {
		assert_string_equal(kb_value_key(map, i), sorted[i]);
		assert_string_equal(kb_value_str(kb_value_get(map, sorted[i]), NULL), sorted[i]);
	}
	assert_null(kb_value_get(map, "aa"));
	assert_non_null(kb_value_get_n(map, "abc", 2));
	assert_null(kb_value_get(kb_value_at(map, 0), "a"));
}

KB_TEST(value_set_again_replaces)
{
	kb_autovalue struct kb_value *map = kb_value_map();

	kb_value_set(map, "k", kb_value_text("one"));
	kb_value_set(map, "k", kb_value_format("%d-%s", 2, "two"));
	assert_int_equal(kb_value_count(map), 1);
	assert_string_equal(kb_value_str(kb_value_get(map, "k"), NULL), "2-two");
}

KB_TEST(value_truth_of_each_kind)
{
	kb_autovalue struct kb_value *map = kb_value_map();
	kb_autovalue struct kb_value *list = kb_value_list();

	assert_true(kb_value_truth(map));
	assert_false(kb_value_truth(list));
	kb_value_push(list, kb_value_null());
	assert_true(kb_value_truth(list));
	assert_false(kb_value_truth(kb_value_at(list, 0)));
	kb_value_set(map, "yes", kb_value_bool(true));
	kb_value_set(map, "no", kb_value_bool(false));
	kb_value_set(map, "empty", kb_value_text(""));
	kb_value_set(map, "text", kb_value_text("false"));
	assert_true(kb_value_truth(kb_value_get(map, "yes")));
	assert_false(kb_value_truth(kb_value_get(map, "no")));
	assert_string_equal(kb_value_str(kb_value_get(map, "no"), NULL), "false");
	assert_false(kb_value_truth(kb_value_get(map, "empty")));
	assert_true(kb_value_truth(kb_value_get(map, "text")));
}

KB_TEST(value_text_may_hold_nul)
{
	kb_autovalue struct kb_value *v = kb_value_secret("a\0b", 3);
	size_t len = 0;

	assert_memory_equal(kb_value_str(v, &len), "a\0b", 4);
	assert_int_equal(len, 3);
	assert_true(kb_value_is_secret(v));
}

KB_TEST(value_shared_by_reference)
{
	kb_autovalue struct kb_value *map = kb_value_map();
	struct kb_value *host = kb_value_map(), *hosts = kb_value_list();

	kb_value_set(host, "name", kb_value_text("redis-01"));
	kb_value_push(hosts, kb_value_ref(host));
	kb_value_set(map, "self", host);
	kb_value_set(map, "hosts", hosts);
	assert_ptr_equal(kb_value_get(map, "self"), kb_value_at(kb_value_get(map, "hosts"), 0));
}

static bool reads(const char *text)
{
	kb_autovalue struct kb_value *v = NULL;

	return kb_json_parse("json", text, strlen(text), &v, NULL) == 0;
}

KB_TEST(json_reader_decodes_and_refuses)
{
	static const char text[] = "{\"a\":[1.50,true,null,\"\\u00e9\\ud83d\\ude00\\n\"]}";
	kb_autovalue struct kb_value *v = NULL;
	const struct kb_value *list;
	kb_autobuf struct kb_buf deep = KB_BUF_INIT;

	assert_int_equal(kb_json_parse("json", text, strlen(text), &v, NULL), 0);
	list = kb_value_get(v, "a");
	assert_non_null(list);
	assert_string_equal(kb_value_str(kb_value_at(list, 0), NULL), "1.50");
	assert_string_equal(kb_value_str(kb_value_at(list, 3), NULL), "\xc3\xa9\xf0\x9f\x98\x80\n");
	assert_true(reads(" [ ] "));
	assert_false(reads(""));
	assert_false(reads("[1,]"));
	assert_false(reads("{\"a\" 1}"));
	assert_false(reads("\"\\x\""));
	assert_false(reads("\"open"));
	assert_false(reads("[] []"));
	for (int i = 0; i < 100; i++)
		kb_buf_putc(&deep, '[');
	assert_false(reads(deep.data));
}
