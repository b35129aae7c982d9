/* A record of what stood where something was put, its own digest made right:
 * what is accepted is written again so that it is read as the same. */
#include "tests/fuzz/fuzz.h"

#include "core/digest.h"
#include "stub/undo_record.h"

static int parse(struct kb_buf *text, struct kb_undo *ret)
{
	kb_autokeyfile struct kb_keyfile *kf = NULL;
	struct kb_digest digest;
	struct kb_err err = {.code = 0};
	int rc;

	kb_digest_of(text->data, text->len, &digest);
	kb_buf_printf(text, "sum %s\n", kb_digest_hex(&digest));
	rc = kb_keyfile_parse(text->data, text->len, "undo", &kf, &err);
	if (rc == 0)
		rc = kb_undo_take(kf, ret, &err);
	KB_MUST(rc == 0 || (rc == KB_E_STATE && err.code == rc && err.text[0]));
	return rc;
}

KB_FUZZ(undo)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT, once = KB_BUF_INIT, twice = KB_BUF_INIT;
	struct kb_undo u, again;

	kb_keyfile_begin(&text, "undo");
	kb_buf_add(&text, data, len);
	if (text.data[text.len - 1] != '\n')
		kb_buf_putc(&text, '\n');
	if (parse(&text, &u) < 0)
		return 0;
	KB_MUST(u.path[0] == '/' && u.n_puts <= KB_UNDO_PUTS && u.mode <= 07777);
	kb_undo_build(&u, &once);
	kb_undo_build(&u, &twice);
	KB_MUST(parse(&once, &again) == 0);
	kb_buf_clear(&once);
	kb_undo_build(&again, &once);
	KB_MUST(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	kb_undo_free_one(&u);
	kb_undo_free_one(&again);
	return 0;
}
