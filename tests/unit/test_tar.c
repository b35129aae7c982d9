#include "core/tar.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "tests/unit/unit.h"

static int to_buf(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	(void)err;
	kb_buf_add(ctx, data, len);
	return 0;
}

struct source {
	const char *data;
	size_t len, step;
	int fail; /* at the end */
};

static int from_source(void *ctx, const void **ret_data, size_t *ret_len, struct kb_err *err)
{
	struct source *s = ctx;
	size_t n = s->len < s->step ? s->len : s->step;

	if (n == 0 && s->fail)
		return kb_err_set(err, s->fail, "the source failed");
	*ret_data = s->data;
	*ret_len = n;
	s->data += n;
	s->len -= n;
	return 0;
}

static void write_two(struct kb_buf *out)
{
	struct kb_tar_writer *w = kb_tar_writer_new(to_buf, out, 3000);
	char *big = calloc(1, 3000);

	assert_int_equal(kb_tar_whole(w, "manifest.json", 0644, "[]", 2, NULL), 0);
	assert_int_equal(kb_tar_file(w, "blobs/sha256/b", 0644, 3000, NULL), 0);
	assert_int_equal(kb_tar_data(w, big, 1000, NULL), 0);
	assert_int_equal(kb_tar_data(w, big, 0, NULL), 0);
	assert_int_equal(kb_tar_data(w, big, 2000, NULL), 0);
	assert_int_equal(kb_tar_whole(w, "empty", 0600, "", 0, NULL), 0);
	assert_int_equal(kb_tar_end(w, NULL), 0);
	kb_tar_writer_free(w);
	free(big);
}

KB_TEST(a_tar_is_the_same_bytes_everywhere)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	write_two(&out);
	assert_int_equal(out.len, 512 + 512 + 512 + 3072 + 512 + 1024);
	assert_string_equal(out.data, "manifest.json");
	assert_memory_equal(out.data + 100,
			    "000644 \0"
			    "000000 \0"
			    "000000 \0"
			    "00000000002 "
			    "00000000000 ",
			    48);
	assert_memory_equal(out.data + 257, "ustar\00000\0", 9); /* no user, no group */
	assert_int_equal(out.data[265], 0);
	assert_int_equal(out.data[297], 0);
	assert_memory_equal(out.data + 512, "[]", 3);
}

KB_TEST(a_tar_is_read_back_whatever_the_pieces)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	write_two(&out);
	for (size_t step = 100; step < 9000; step += 333) {
		struct source s = {out.data, out.len, step, 0};
		struct kb_tar_reader *r = kb_tar_reader_new(from_source, &s);
		struct kb_tar_member m;
		const void *data;
		size_t len, sum = 0;

		assert_int_equal(kb_tar_next(r, &m, NULL), 1); /* not read: passed over */
		assert_int_equal(kb_tar_next(r, &m, NULL), 1);
		assert_string_equal(m.path, "blobs/sha256/b");
		assert_true(m.regular);
		assert_int_equal(m.size, 3000);
		while (kb_tar_read(r, &data, &len, NULL) == 0 && len)
			sum += len;
		assert_int_equal(sum, 3000);
		assert_int_equal(kb_tar_next(r, &m, NULL), 1);
		assert_int_equal(kb_tar_next(r, &m, NULL), 0);
		kb_tar_reader_free(r);
	}
}

/* 8 GiB is where ustar's size field ends. */
KB_TEST(a_member_of_8_gib_gets_one_pax_record)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_tar_writer *w = kb_tar_writer_new(to_buf, &out, 8ull << 30);
	struct source s = {NULL, 0, 512, KB_E_IO};
	struct kb_tar_reader *r;
	struct kb_tar_member m;

	assert_int_equal(kb_tar_file(w, "blobs/sha256/b", 0644, 8ull << 30, NULL), 0);
	kb_tar_writer_free(w);
	assert_int_equal(out.len, 3 * 512);
	assert_memory_equal(out.data + 512, "19 size=8589934592\n", 20);
	s.data = out.data;
	s.len = out.len;
	r = kb_tar_reader_new(from_source, &s);
	assert_int_equal(kb_tar_next(r, &m, NULL), 1);
	assert_string_equal(m.path, "blobs/sha256/b");
	assert_true(m.size == 8ull << 30);
	kb_tar_reader_free(r);
}

KB_TEST(a_member_just_below_8_gib_is_plain_ustar)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_tar_writer *w = kb_tar_writer_new(to_buf, &out, (8ull << 30) - 1);

	assert_int_equal(kb_tar_file(w, "b", 0644, (8ull << 30) - 1, NULL), 0);
	kb_tar_writer_free(w);
	assert_int_equal(out.len, 512);
}

static int stop_after(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	size_t *left = ctx;

	(void)data;
	(void)err;
	*left -= len < *left ? len : *left;
	return *left ? 0 : 7;
}

KB_TEST(a_sink_that_stops_is_obeyed)
{
	size_t left = 1200;
	struct kb_tar_writer *w = kb_tar_writer_new(stop_after, &left, 5);

	assert_int_equal(kb_tar_file(w, "b", 0644, 5, NULL), 0);
	assert_int_equal(kb_tar_data(w, "hello", 5, NULL), 0);
	assert_int_equal(kb_tar_whole(w, "c", 0644, "x", 1, NULL), 7);
	assert_int_equal(kb_tar_end(w, NULL), 7);
	kb_tar_writer_free(w);
}

KB_TEST(what_is_no_tar_is_damaged)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_tar_member m;

	write_two(&out);
	for (size_t cut = 0; cut < out.len - 2000; cut += 100) {
		struct source s = {out.data, cut, 512, 0};
		struct kb_tar_reader *r = kb_tar_reader_new(from_source, &s);
		int rc;

		while ((rc = kb_tar_next(r, &m, NULL)) > 0)
			;
		/* between members a cut cannot be told from an end without blocks */
		if (cut == 0 || (cut % 512 != 0 && cut > 1024 && cut < 4600))
			assert_int_equal(rc, KB_E_DAMAGED);
		else
			assert_true(rc == 0 || rc == KB_E_DAMAGED);
		kb_tar_reader_free(r);
	}
	memset(out.data, 'x', out.len);
	{
		struct source s = {out.data, out.len, 512, 0};
		struct kb_tar_reader *r = kb_tar_reader_new(from_source, &s);

		assert_int_equal(kb_tar_next(r, &m, NULL), KB_E_DAMAGED);
		kb_tar_reader_free(r);
	}
}

KB_TEST(a_source_that_fails_is_reported_as_it_is)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct source s = {NULL, 700, 512, KB_E_TIMEOUT};
	struct kb_tar_reader *r = kb_tar_reader_new(from_source, &s);
	struct kb_err err = {0};
	struct kb_tar_member m;
	int rc;

	write_two(&out);
	s.data = out.data;
	while ((rc = kb_tar_next(r, &m, &err)) > 0)
		;
	assert_int_equal(rc, KB_E_TIMEOUT);
	assert_string_equal(err.text, "the source failed");
	kb_tar_reader_free(r);
}
