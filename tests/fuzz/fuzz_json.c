/* JSON of others. What is accepted is written and read again to the same tree. */
#include "tests/fuzz/fuzz.h"

#include "core/json.h"
#include "core/json_read.h"

static void write_value(struct kb_json *j, const struct kb_value *v)
{
	size_t len;
	const char *text;

	switch (kb_value_kind(v)) {
	case KB_VALUE_NULL: kb_json_null(j); return;
	case KB_VALUE_BOOL: kb_json_bool(j, kb_value_truth(v)); return;
	case KB_VALUE_TEXT:
		text = kb_value_str(v, &len);
		kb_json_text_n(j, text, len);
		return;
	case KB_VALUE_LIST:
		kb_json_array(j);
		for (size_t i = 0; i < kb_value_count(v); i++)
			write_value(j, kb_value_at(v, i));
		kb_json_array_end(j);
		return;
	case KB_VALUE_MAP:
		kb_json_object(j);
		for (size_t i = 0; i < kb_value_count(v); i++) {
			kb_json_key(j, kb_value_key(v, i));
			write_value(j, kb_value_at(v, i));
		}
		kb_json_object_end(j);
		return;
	}
}

static void write_all(const struct kb_value *v, struct kb_buf *out)
{
	struct kb_json j;

	kb_json_init(&j, out);
	write_value(&j, v);
	kb_json_finish(&j);
}

KB_FUZZ(json)
{
	kb_autovalue struct kb_value *v = NULL, *back = NULL;
	kb_autobuf struct kb_buf once = KB_BUF_INIT, twice = KB_BUF_INIT;
	struct kb_err err = {.code = 0};
	int rc = kb_json_parse("f", (const char *)data, len, &v, &err);

	if (rc < 0) {
		KB_MUST(rc == KB_E_INVALID && err.code == rc);
		return 0;
	}
	kb_json_member(v, "a");
	kb_json_member_u64(v, "a");
	write_all(v, &once);
	KB_MUST(kb_json_parse("again", once.data, once.len, &back, NULL) == 0);
	write_all(back, &twice);
	KB_MUST(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	return 0;
}
