#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "stub/journal.h"

static const uint8_t boot_a[KB_BOOT_LEN] = {1}, boot_b[KB_BOOT_LEN] = {2};
static const struct kb_digest input = {{7}}, release = {{9}};

static int new_dir(const char *name)
{
	kb_autofree char *path = kb_format("%s/%s", kb_test_dir(), name);

	assert_int_equal(mkdir(path, 0700), 0);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct kb_journal *open_journal(int dirfd, const uint8_t *boot)
{
	struct kb_journal *j = NULL;
	struct kb_err err;

	if (kb_journal_open(dirfd, "redis", boot, &j, &err) < 0)
		fail_msg("%s", err.text);
	return j;
}

static void append(struct kb_journal *j, enum kb_record_state state, const char *step)
{
	struct kb_err err;

	assert_int_equal(kb_journal_append(j, state, step, &input, &release, &err), 0);
}

static size_t size_of(int dirfd)
{
	struct stat st;

	return fstatat(dirfd, "journal", &st, 0) < 0 ? 0 : (size_t)st.st_size;
}

/* BEGIN a, DONE a, BEGIN b, as bytes. */
static void sample(struct kb_buf *bytes)
{
	static const struct {
		uint32_t state;
		uint8_t step;
	} rows[] = {{KB_RECORD_BEGIN, 1}, {KB_RECORD_DONE, 1}, {KB_RECORD_BEGIN, 2}};
	struct kb_digest chain;

	kb_records_begin("redis", &chain);
	for (size_t i = 0; i < 3; i++) {
		struct kb_record r = {.seq = i + 1,
				      .state = rows[i].state,
				      .time = 1000,
				      .step = {rows[i].step},
				      .input = input};
		uint8_t out[KB_RECORD_LEN];

		kb_record_write(&r, &chain, out);
		kb_buf_add(bytes, out, sizeof(out));
	}
}

static int parse(const struct kb_buf *bytes, const char *role, size_t *ret_n)
{
	struct kb_records records = {.n = 99};
	struct kb_err err;
	int rc = kb_records_parse((const uint8_t *)bytes->data, bytes->len, role, &records, &err);

	if (rc == 0)
		free(records.at);
	*ret_n = records.n;
	return rc;
}

KB_TEST(journal_reads_what_was_written)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	struct kb_records records;
	struct kb_err err;

	sample(&bytes);
	assert_int_equal(
		kb_records_parse((uint8_t *)bytes.data, bytes.len, "redis", &records, &err), 0);
	assert_int_equal(records.n, 3);
	assert_int_equal(records.at[1].state, KB_RECORD_DONE);
	assert_int_equal(records.at[1].time, 1000);
	assert_true(kb_digest_eq(&records.at[2].input, &input));
	free(records.at);
}

/* H13: torn at each byte. */
KB_TEST(journal_forgets_a_torn_record)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	size_t n;

	sample(&bytes);
	for (size_t len = 0; len <= 3 * KB_RECORD_LEN; len++) {
		bytes.len = len;
		assert_int_equal(parse(&bytes, "redis", &n), 0);
		assert_int_equal(n, len / KB_RECORD_LEN);
	}
}

/* H11: every bit of every record. In the last record it is a torn one. */
KB_TEST(journal_notices_every_flipped_bit)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	size_t n;

	sample(&bytes);
	for (size_t bit = 0; bit < bytes.len * 8; bit++) {
		int rc;

		bytes.data[bit / 8] ^= (char)(1 << bit % 8);
		rc = parse(&bytes, "redis", &n);
		bytes.data[bit / 8] ^= (char)(1 << bit % 8);
		if (bit / 8 < 2 * KB_RECORD_LEN)
			assert_int_equal(rc, KB_E_STATE);
		else
			assert_int_equal(n, 2);
	}
}

KB_TEST(journal_of_another_role_does_not_fit)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	size_t n;

	sample(&bytes);
	assert_int_equal(parse(&bytes, "queue", &n), KB_E_STATE);
}

KB_TEST(journal_refuses_records_in_another_order)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	uint8_t first[KB_RECORD_LEN];
	size_t n;

	sample(&bytes);
	memcpy(first, bytes.data, KB_RECORD_LEN);
	memcpy(bytes.data, bytes.data + KB_RECORD_LEN, KB_RECORD_LEN);
	memcpy(bytes.data + KB_RECORD_LEN, first, KB_RECORD_LEN);
	assert_int_equal(parse(&bytes, "redis", &n), KB_E_STATE);
}

KB_TEST(journal_creates_nothing_before_the_first_append)
{
	kb_autoclose int dirfd = new_dir("journal-new");
	struct kb_journal *j = open_journal(dirfd, boot_a);

	assert_int_equal(size_of(dirfd), 0);
	append(j, KB_RECORD_BEGIN, "one");
	assert_int_equal(size_of(dirfd), KB_RECORD_LEN);
	kb_journal_close(j);
	j = open_journal(dirfd, boot_a);
	assert_int_equal(kb_journal_count(j), 1);
	kb_journal_close(j);
}

KB_TEST(journal_without_a_folder_cannot_grow)
{
	struct kb_journal *j = open_journal(-1, boot_a);
	struct kb_err err;

	assert_int_equal(kb_journal_append(j, KB_RECORD_BEGIN, "one", &input, &release, &err),
			 KB_E_INTERNAL);
	kb_journal_close(j);
}

KB_TEST(journal_overwrites_a_torn_record)
{
	kb_autoclose int dirfd = new_dir("journal-torn"), fd = -1;
	struct kb_journal *j = open_journal(dirfd, boot_a);

	append(j, KB_RECORD_BEGIN, "one");
	append(j, KB_RECORD_DONE, "one");
	kb_journal_close(j);
	fd = openat(dirfd, "journal", O_WRONLY);
	assert_int_equal(ftruncate(fd, KB_RECORD_LEN + 77), 0);
	j = open_journal(dirfd, boot_a);
	assert_int_equal(kb_journal_count(j), 1);
	assert_int_equal(size_of(dirfd), KB_RECORD_LEN + 77);
	append(j, KB_RECORD_FAIL, "one");
	kb_journal_close(j);
	assert_int_equal(size_of(dirfd), 2 * KB_RECORD_LEN);
	j = open_journal(dirfd, boot_a);
	assert_int_equal(kb_journal_last(j, "one")->state, KB_RECORD_FAIL);
	kb_journal_close(j);
}

/* L5: a script that removes or empties it. */
KB_TEST(journal_that_somebody_changed_meanwhile_ends_the_run)
{
	kb_autoclose int dirfd = new_dir("journal-meanwhile");
	struct kb_err err;

	for (int i = 0; i < 2; i++) {
		struct kb_journal *j = open_journal(dirfd, boot_a);

		append(j, KB_RECORD_BEGIN, "one");
		if (i == 0) {
			kb_autoclose int fd = openat(dirfd, "journal", O_WRONLY | O_TRUNC);

			assert_true(fd >= 0);
		} else {
			assert_int_equal(unlinkat(dirfd, "journal", 0), 0);
		}
		assert_int_equal(
			kb_journal_append(j, KB_RECORD_DONE, "one", &input, &release, &err),
			KB_E_STATE);
		kb_journal_close(j);
	}
	assert_int_equal(size_of(dirfd), 0);
}

KB_TEST(journal_finds_the_last_record_of_a_step)
{
	kb_autoclose int dirfd = new_dir("journal-find");
	struct kb_journal *j = open_journal(dirfd, boot_a);

	append(j, KB_RECORD_DONE, "one");
	append(j, KB_RECORD_DONE, "two");
	append(j, KB_RECORD_BEGIN, "one");
	assert_int_equal(kb_journal_last(j, "one")->state, KB_RECORD_BEGIN);
	assert_int_equal(kb_journal_last_of(j, "one", KB_RECORD_DONE)->seq, 1);
	assert_int_equal(kb_journal_last(j, "two")->seq, 2);
	assert_null(kb_journal_last(j, "three"));
	assert_null(kb_journal_last_of(j, "two", KB_RECORD_FAIL));
	kb_journal_close(j);
}

KB_TEST(journal_knows_its_commit)
{
	static const struct kb_digest other = {{8}};
	kb_autoclose int dirfd = new_dir("journal-commit");
	struct kb_journal *j = open_journal(dirfd, boot_a);
	struct kb_err err;

	assert_false(kb_journal_is_committed(j, &release));
	assert_int_equal(kb_journal_append(j, KB_RECORD_COMMIT, NULL, &release, &release, &err), 0);
	assert_true(kb_journal_is_committed(j, &release));
	assert_false(kb_journal_is_committed(j, &other));
	append(j, KB_RECORD_BEGIN, "one");
	assert_false(kb_journal_is_committed(j, &release));
	kb_journal_close(j);
}

/* H14: what an earlier boot began is in doubt until a commit. */
KB_TEST(journal_doubts_what_an_earlier_boot_did)
{
	kb_autoclose int dirfd = new_dir("journal-boot");
	struct kb_journal *j = open_journal(dirfd, boot_a);
	struct kb_err err;

	append(j, KB_RECORD_BEGIN, "image");
	append(j, KB_RECORD_DONE, "image");
	assert_false(kb_journal_is_doubtful(j, "image"));
	kb_journal_close(j);
	j = open_journal(dirfd, boot_b);
	assert_true(kb_journal_is_doubtful(j, "image"));
	assert_false(kb_journal_is_doubtful(j, "other"));
	assert_int_equal(kb_journal_append(j, KB_RECORD_COMMIT, NULL, &release, &release, &err), 0);
	assert_false(kb_journal_is_doubtful(j, "image"));
	kb_journal_close(j);
}

KB_TEST(journal_refuses_a_link_in_its_place)
{
	kb_autoclose int dirfd = new_dir("journal-link");
	struct kb_journal *j = NULL;
	struct kb_err err;

	assert_int_equal(symlinkat("/etc/passwd", dirfd, "journal"), 0);
	assert_int_equal(kb_journal_open(dirfd, "redis", boot_a, &j, &err), KB_E_PATH);
}
