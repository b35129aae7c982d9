#include "tests/unit/unit.h"

#include <string.h>

#include "core/digest.h"
#include "stub/undo_record.h"

#define HEX "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static int read_back(const char *was, const char *put, struct kb_undo *ret_undo)
{
	struct kb_undo u = {.path = (char *)"/etc/a", .was = KB_UNDO_FILE, .mode = 0640};
	kb_autokeyfile struct kb_keyfile *kf = NULL;
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_digest digest;
	struct kb_err err;
	char *at;

	kb_undo_add_put(&u, put);
	kb_undo_build(&u, &text);
	at = strstr(text.data, "was file");
	assert_non_null(at);
	memcpy(at + 4, was, 4);
	kb_digest_of(text.data, text.len, &digest);
	kb_buf_printf(&text, "sum %s\n", kb_digest_hex(&digest));
	assert_int_equal(kb_keyfile_parse(text.data, text.len, "undo", &kf, &err), 0);
	return kb_undo_take(kf, ret_undo, &err);
}

KB_TEST(an_undo_record_is_read_as_it_was_built)
{
	struct kb_undo u;

	assert_int_equal(read_back("file", HEX, &u), 0);
	assert_string_equal(u.path, "/etc/a");
	assert_int_equal(u.was, KB_UNDO_FILE);
	assert_int_equal(u.mode, 0640);
	assert_int_equal(u.n_puts, 1);
	assert_string_equal(u.puts[0], HEX);
	kb_undo_free_one(&u);
}

/* Taken for "absent" it would say that what stands there may go. */
KB_TEST(an_undo_record_of_an_unknown_kind_is_refused)
{
	struct kb_undo u;

	assert_int_equal(read_back("link", HEX, &u), KB_E_STATE);
	assert_int_equal(read_back("file", "no digest", &u), KB_E_STATE);
}
