/* PIECE TAR: any tar, not trusted, in pieces of any size. Whatever a member
 * says it holds, no more than that comes out. */
#include "tests/fuzz/fuzz.h"

#include "core/mem.h"
#include "core/tar.h"

struct input {
	const uint8_t *at;
	size_t left, piece;
	struct kb_fuzz_room *copy; /* so that a read behind the piece is seen */
};

static int next_piece(void *ctx, const void **ret_data, size_t *ret_len, struct kb_err *err)
{
	struct input *in = ctx;
	size_t n = in->left < in->piece ? in->left : in->piece;
	void *copy = kb_fuzz_take(in->copy, n);

	(void)err;
	memcpy(copy, in->at, n);
	in->at += n;
	in->left -= n;
	*ret_data = copy;
	*ret_len = n;
	return 0;
}

static int read_member(struct kb_tar_reader *r, const struct kb_tar_member *member)
{
	const void *bytes;
	uint64_t seen = 0;
	size_t n = 1;
	int rc = 0;

	while (rc == 0 && n > 0) {
		rc = kb_tar_read(r, &bytes, &n, NULL);
		if (rc == 0)
			seen += n;
	}
	KB_MUST(rc < 0 || seen == (member->regular ? member->size : seen));
	return rc;
}

KB_FUZZ(tar)
{
	static struct kb_fuzz_room room;
	struct input in = {.copy = &room};
	struct kb_tar_reader *r;
	struct kb_tar_member member;
	struct kb_err err = {.code = 0};
	int rc = 1;

	if (len < 1)
		return 0;
	in.at = data + 1;
	in.left = len - 1;
	in.piece = 1 + (size_t)data[0] * 37;
	r = kb_tar_reader_new(next_piece, &in);
	for (size_t i = 0; rc > 0; i++) {
		rc = kb_tar_next(r, &member, &err);
		if (rc > 0) {
			KB_MUST(member.path && strlen(member.path) < 1 << 20);
			if (member.regular && i % 2 == 0 && read_member(r, &member) < 0)
				break;
		}
	}
	KB_MUST(rc >= 0 || rc == KB_E_DAMAGED || rc == KB_E_MEMORY);
	kb_tar_reader_free(r);
	return 0;
}
