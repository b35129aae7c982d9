/* SPLIT MESSAGES: what an engine says to a load. However it is cut into pieces
 * the verdict, the ids and the progress are the same. */
#include "tests/fuzz/fuzz.h"

#include "stub/image_answer.h"

static int run(const char *data, size_t len, size_t piece, struct kb_image_answer *a,
	       struct kb_err *err)
{
	static struct kb_fuzz_room room;
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		char *copy = kb_fuzz_take(&room, n);

		memcpy(copy, data + at, n);
		rc = kb_image_answer_add(a, copy, n, err);
	}
	if (rc == 0)
		rc = kb_image_answer_end(a, err);
	KB_MUST(rc == 0 || ((rc == KB_E_DEPENDENCY || rc == KB_E_SPACE) && err->code == rc));
	KB_MUST(a->n_ids <= KB_IMAGE_REPORTED_MAX && a->current <= UINT64_MAX - a->before);
	return rc;
}

KB_FUZZ(answer)
{
	struct kb_image_answer whole = {.n_ids = 0}, cut = {.n_ids = 0};
	struct kb_err one = {.code = 0}, other = {.code = 0};

	if (len < 2)
		return 0;
	KB_MUST(run((const char *)data + 1, len - 1, len, &whole, &one) ==
		run((const char *)data + 1, len - 1, (size_t)data[0] % 61 + 1, &cut, &other));
	KB_MUST(strcmp(one.text, other.text) == 0 && strcmp(whole.layer, cut.layer) == 0);
	KB_MUST(whole.n_ids == cut.n_ids && whole.before == cut.before &&
		whole.current == cut.current);
	for (size_t i = 0; i < whole.n_ids; i++)
		KB_MUST(strcmp(whole.ids[i], cut.ids[i]) == 0 &&
			strlen(whole.ids[i]) == KB_IMAGE_ID_LEN);
	kb_image_answer_free(&whole);
	kb_image_answer_free(&cut);
	return 0;
}
