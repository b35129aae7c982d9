#include "tests/unit/unit.h"

#include <string.h>

#include "builder/minisig.h"
#include "builder/sums_stock.h"
#include "tests/unit/rfc8032.h"

/* What minisign 0.11 makes of the same key, key id, comments and message. */
KB_TEST(minisig_is_what_minisign_makes)
{
	struct kb_secret_key *key = kb_rfc8032_key();
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_err err;

	assert_int_equal(kb_minisig_make(key, "abc  x\n", 7, &out, &err), 0);
	assert_string_equal(
		out.data,
		"untrusted comment: signature from minisign secret key 61A254A1DF31FE21\n"
		"RUQh/jHfoVSiYTgESjqVVrapSjwJrXhAYiNQglmRuj8VyEYjT+v6aYKbSxH75/5uJ3MjpHMtnenOHcMo8c"
		"89jjizIKa4OBMyTg8=\n"
		"trusted comment: keybuzz release\n"
		"GxpD4wYBLn0DCbTK5Qg61ipzo5TKSL53U8RbG/TbZdfE5Xe3UE0BuRMLlOLvwNSrpBlLR4k1EjQU3VJxAb"
		"QUAg==\n");
	kb_secret_key_free(key);
}

KB_TEST(minisig_public_key_has_the_id_of_the_signature)
{
	struct kb_secret_key *key = kb_rfc8032_key();
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_key public;

	kb_secret_key_public(key, &public);
	kb_minisig_public(&public, &out);
	assert_string_equal(out.data, "untrusted comment: minisign public key 61A254A1DF31FE21\n"
				      "RWQh/jHfoVSiYddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\n");
	kb_secret_key_free(key);
}

/* RFC 4648, section 10. */
KB_TEST(base64_of_the_standard_examples)
{
	static const char *const examples[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		kb_autobuf struct kb_buf out = KB_BUF_INIT;

		kb_buf_puts(&out, "");
		kb_stock_base64(examples[i][0], strlen(examples[i][0]), 0, &out);
		assert_string_equal(out.data, examples[i][1]);
	}
}
