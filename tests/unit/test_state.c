#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "stub/keyfile.h"
#include "stub/outcome.h"
#include "stub/rollback.h"
#include "stub/statedir.h"

static int new_root(const char *name)
{
	kb_autofree char *path = kb_format("%s/%s", kb_test_dir(), name);

	assert_int_equal(mkdir(path, 0755), 0);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void build(struct kb_buf *out)
{
	kb_keyfile_begin(out, "test");
	kb_keyfile_add(out, "number", "%d", 42);
	kb_keyfile_add(out, "text", "two\nlines");
	kb_keyfile_add(out, "text", "again");
	kb_keyfile_add(out, "empty", "%s", "");
}

KB_TEST(keyfile_reads_what_was_written)
{
	kb_autoclose int dirfd = new_root("keyfile");
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	kb_autokeyfile struct kb_keyfile *kf = NULL;
	const char *key, *value;
	struct kb_err err;
	uint64_t number;

	build(&out);
	assert_int_equal(kb_keyfile_write(dirfd, "file", &out, &err), 0);
	assert_int_equal(kb_keyfile_read(dirfd, "file", "test", &kf, &err), 0);
	assert_int_equal(kb_keyfile_u64(kf, "number", &number, &err), 0);
	assert_int_equal(number, 42);
	assert_string_equal(kb_keyfile_get(kf, "text"), "two lines");
	assert_true(kb_keyfile_at(kf, 2, &key, &value));
	assert_string_equal(value, "again");
	assert_string_equal(kb_keyfile_get(kf, "empty"), "");
	assert_false(kb_keyfile_at(kf, 4, &key, &value));
	assert_null(kb_keyfile_get(kf, "none"));
	assert_int_equal(kb_keyfile_u64(kf, "text", &number, &err), KB_E_STATE);
}

KB_TEST(keyfile_is_not_rewritten_when_it_is_the_same)
{
	kb_autoclose int dirfd = new_root("keyfile-same");
	struct stat before, after;
	struct kb_err err;

	for (int i = 0; i < 2; i++) {
		kb_autobuf struct kb_buf out = KB_BUF_INIT;

		build(&out);
		assert_int_equal(kb_keyfile_write(dirfd, "file", &out, &err), 0);
		assert_int_equal(fstatat(dirfd, "file", i ? &after : &before, 0), 0);
	}
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mode & 07777, 0600);
}

/* H11 */
KB_TEST(keyfile_notices_every_change)
{
	kb_autoclose int dirfd = new_root("keyfile-rot");
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_keyfile *kf = NULL;
	struct kb_err err;

	build(&out);
	assert_int_equal(kb_keyfile_write(dirfd, "file", &out, &err), 0);
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		out.data[bit / 8] ^= (char)(1 << bit % 8);
		assert_int_equal(kb_keyfile_parse(out.data, out.len, "test", &kf, &err),
				 KB_E_STATE);
		out.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t len = 0; len < out.len; len++)
		assert_int_equal(kb_keyfile_parse(out.data, len, "test", &kf, &err), KB_E_STATE);
	assert_int_equal(kb_keyfile_parse(out.data, out.len, "other", &kf, &err), KB_E_STATE);
	assert_int_equal(kb_keyfile_parse(out.data, out.len, "test", &kf, &err), 0);
	kb_keyfile_free(kf);
}

/* Releases and floors. */

static const struct kb_digest id_a = {{1}}, id_b = {{2}};

static struct kb_manifest release(uint64_t epoch, uint64_t counter)
{
	static char role[] = "redis", version[] = "1", channel[] = "stable";

	return (struct kb_manifest){.role = role,
				    .version = version,
				    .channel = channel,
				    .epoch = epoch,
				    .counter = counter};
}

static int judge(const struct kb_floor *floor, uint64_t epoch, uint64_t counter,
		 const struct kb_digest *id)
{
	struct kb_manifest m = release(epoch, counter);
	struct kb_err err;

	return kb_floor_check_release(floor, &m, id, &err);
}

/* I1, I3 */
KB_TEST(rollback_decides_by_epoch_and_counter)
{
	const struct kb_floor floor = {.known = true, .number = {2, 10}, .manifest = id_a};
	const struct kb_floor none = {.known = false};

	assert_int_equal(judge(&floor, 2, 10, &id_a), 0);
	assert_int_equal(judge(&floor, 2, 11, &id_b), 0);
	assert_int_equal(judge(&floor, 3, 1, &id_b), 0);
	assert_int_equal(judge(&floor, 2, 9, &id_a), KB_E_ROLLBACK);
	assert_int_equal(judge(&floor, 2, 10, &id_b), KB_E_ROLLBACK);
	assert_int_equal(judge(&floor, 1, 99, &id_b), KB_E_ROLLBACK);
	assert_int_equal(judge(&floor, 2, 10 + KB_ROLLBACK_JUMP_MAX, &id_b), 0);
	assert_int_equal(judge(&floor, 2, 11 + KB_ROLLBACK_JUMP_MAX, &id_b), KB_E_ROLLBACK);
	assert_int_equal(judge(&floor, 2, 1ull << 63, &id_b), KB_E_ROLLBACK);
	assert_int_equal(judge(&floor, 3, 1ull << 63, &id_b), KB_E_ROLLBACK);
	assert_int_equal(judge(&none, 1, 1, &id_a), 0);
	assert_int_equal(judge(&none, 1, 1ull << 63, &id_a), KB_E_ROLLBACK);
}

static int judge_time(uint64_t date, uint64_t now, uint64_t not_before, uint64_t not_after)
{
	struct kb_floor floor = {.date = date};
	struct kb_manifest m = release(1, 1);
	struct kb_err err;

	m.not_before = not_before;
	m.not_after = not_after;
	return kb_floor_check_time(&floor, &m, now, &err);
}

/* I9: the clock may be anywhere; signed dates hold. */
KB_TEST(rollback_times_by_the_later_of_clock_and_signed_date)
{
	assert_int_equal(judge_time(0, 0, 0, 0), 0);
	assert_int_equal(judge_time(0, UINT64_MAX, 0, 0), 0);
	assert_int_equal(judge_time(0, 500, 400, 600), 0);
	assert_int_equal(judge_time(0, 601, 400, 600), KB_E_EXPIRED);
	assert_int_equal(judge_time(601, 0, 400, 600), KB_E_EXPIRED);
	assert_int_equal(judge_time(0, 399, 400, 600), KB_E_EXPIRED);
	assert_int_equal(judge_time(450, 0, 400, 600), 0);
}

KB_TEST(rollback_keeps_the_channel)
{
	const struct kb_floor floor = {.channel = "test"}, none = {.channel = ""};
	struct kb_manifest m = release(1, 1);
	struct kb_err err;

	assert_int_equal(kb_floor_check_channel(&none, &m, &err), 0);
	assert_int_equal(kb_floor_check_channel(&floor, &m, &err), KB_E_TARGET);
	assert_string_equal(err.text, "this host follows channel test, the bundle is of stable");
}

KB_TEST(rollback_is_remembered)
{
	kb_autoclose int root = new_root("rollback");
	kb_autostatedir struct kb_statedir dir = KB_STATEDIR_INIT;
	struct kb_floor floor = {.date = 77}, read;
	struct kb_manifest m = release(3, 14);
	struct kb_err err;

	assert_int_equal(kb_statedir_open(root, "redis", &dir, &err), 0);
	assert_int_equal(kb_floor_read(&dir, "redis", &read, &err), 0);
	assert_false(read.known);
	assert_int_equal(kb_statedir_make(root, "redis", &dir, &err), 0);
	assert_int_equal(kb_floor_raise(&dir, &floor, &m, &id_a, &err), 0);
	assert_int_equal(kb_floor_read(&dir, "redis", &read, &err), 0);
	assert_true(read.known);
	assert_int_equal(read.number.epoch, 3);
	assert_int_equal(read.number.counter, 14);
	assert_true(kb_digest_eq(&read.manifest, &id_a));
	assert_string_equal(read.channel, "stable");
	assert_int_equal(read.date, 77);
	assert_int_equal(kb_floor_read(&dir, "queue", &read, &err), 0);
	assert_false(read.known);
}

static void raise(const struct kb_statedir *dir, struct kb_floor *floor, uint64_t counter,
		  const struct kb_digest *id)
{
	struct kb_manifest m = release(3, counter);

	assert_int_equal(kb_floor_raise(dir, floor, &m, id, NULL), 0);
	assert_int_equal(kb_floor_read(dir, "redis", floor, NULL), 0);
}

/* Who goes back keeps the number, and what was used is known until the next one. */
KB_TEST(rollback_welcomes_one_older_release_until_it_is_left)
{
	kb_autoclose int root = new_root("back");
	kb_autostatedir struct kb_statedir dir = KB_STATEDIR_INIT;
	struct kb_floor floor = {.known = false};

	assert_int_equal(kb_statedir_make(root, "redis", &dir, NULL), 0);
	raise(&dir, &floor, 14, &id_a);
	assert_int_equal(judge(&floor, 3, 13, &id_b), KB_E_ROLLBACK);
	floor.back = true;
	floor.older = id_b;
	memset(floor.used[floor.n_used++], 5, KB_DOWNGRADE_ID_LEN);
	raise(&dir, &floor, 13, &id_b);
	assert_int_equal(floor.number.counter, 14);
	assert_int_equal(judge(&floor, 3, 13, &id_b), 0);
	assert_int_equal(judge(&floor, 3, 12, &id_a), KB_E_ROLLBACK);
	assert_int_equal(judge(&floor, 3, 14, &id_a), 0);
	raise(&dir, &floor, 14, &id_a);
	assert_int_equal(judge(&floor, 3, 13, &id_b), KB_E_ROLLBACK);
	assert_int_equal(floor.n_used, 1);
	assert_int_equal(floor.used[0][KB_DOWNGRADE_ID_LEN - 1], 5);
	assert_int_equal(kb_floor_stay(&dir, "redis", &id_b, NULL), 0);
	assert_int_equal(kb_floor_read(&dir, "redis", &floor, NULL), 0);
	assert_int_equal(judge(&floor, 3, 13, &id_b), 0);
	assert_int_equal(kb_floor_stay(&dir, "redis", &id_a, NULL), 0);
	assert_int_equal(kb_floor_read(&dir, "redis", &floor, NULL), 0);
	assert_true(kb_digest_eq(&floor.older, &id_b));
	raise(&dir, &floor, 15, &id_b);
	assert_int_equal(floor.n_used, 0);
	assert_false(floor.back);
}

/* C1, C2: somebody else made it first. */
KB_TEST(statedir_refuses_what_others_made)
{
	static const char place[] = "var/lib/keybuzz";
	kb_autoclose int root = new_root("statedir");
	kb_autostatedir struct kb_statedir dir = KB_STATEDIR_INIT;
	struct kb_err err;

	assert_int_equal(mkdirat(root, "var", 0755), 0);
	assert_int_equal(mkdirat(root, "var/lib", 0755), 0);
	assert_int_equal(symlinkat("/tmp", root, place), 0);
	assert_int_equal(kb_statedir_open(root, "redis", &dir, &err), KB_E_ENVIRONMENT);
	assert_int_equal(kb_statedir_make(root, "redis", &dir, &err), KB_E_ENVIRONMENT);
	assert_int_equal(unlinkat(root, place, 0), 0);
	assert_int_equal(mkdirat(root, place, 0777), 0);
	assert_int_equal(fchmodat(root, place, 0777, 0), 0);
	assert_int_equal(kb_statedir_open(root, "redis", &dir, &err), KB_E_ENVIRONMENT);
	assert_int_equal(fchmodat(root, place, 0755, 0), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchownat(root, place, 1000, 1000, 0), 0);
		assert_int_equal(kb_statedir_open(root, "redis", &dir, &err), KB_E_ENVIRONMENT);
		assert_int_equal(fchownat(root, place, 0, 0, 0), 0);
	}
	assert_int_equal(kb_statedir_open(root, "redis", &dir, &err), 0);
}

KB_TEST(statedir_is_closed_to_others)
{
	kb_autoclose int root = new_root("statedir-mode");
	kb_autostatedir struct kb_statedir dir = KB_STATEDIR_INIT;
	struct kb_err err;
	struct stat st;

	assert_int_equal(kb_statedir_make(root, "redis", &dir, &err), 0);
	assert_int_equal(fstat(dir.base, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstat(dir.role, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(root, "var/lib", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

KB_TEST(outcome_is_read_back_and_keeps_its_time)
{
	kb_autoclose int dirfd = new_root("outcome");
	kb_autooutcome struct kb_outcome none = {.state = KB_OUTCOME_NONE}, o = none, read = none;
	struct kb_manifest m = release(1, 2);
	struct stat before, after;
	struct kb_err err;

	assert_int_equal(kb_outcome_read(dirfd, &none, &err), 0);
	assert_int_equal(none.state, KB_OUTCOME_NONE);
	kb_outcome_begin(&o, &m, &id_a, &none, "redis-01", "10.0.0.1");
	o.state = KB_OUTCOME_PENDING;
	kb_outcome_add_pending(&o, "quorum", "1 of 3");
	assert_int_equal(kb_outcome_write(dirfd, &o, &err), 0);
	assert_int_equal(fstatat(dirfd, "state", &before, 0), 0);
	assert_int_equal(kb_outcome_write(dirfd, &o, &err), 0);
	assert_int_equal(fstatat(dirfd, "state", &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(kb_outcome_read(dirfd, &read, &err), 0);
	assert_int_equal(read.state, KB_OUTCOME_PENDING);
	assert_int_equal(read.n_pending, 1);
	assert_string_equal(read.pending[0], "quorum: 1 of 3");
	assert_string_equal(read.host, "redis-01");
	assert_int_equal(strlen(read.time), 20);
}

KB_TEST(outcome_remembers_the_release_before)
{
	struct kb_manifest m = release(1, 2);
	kb_autooutcome struct kb_outcome old = {.state = KB_OUTCOME_INSTALLED,
						.manifest = kb_strdup(kb_digest_hex(&id_a)),
						.previous = kb_strdup("")};
	kb_autooutcome struct kb_outcome same = {0}, other = {0};

	kb_outcome_begin(&same, &m, &id_a, &old, "h", "a");
	assert_string_equal(same.previous, "");
	kb_outcome_begin(&other, &m, &id_b, &old, "h", "a");
	assert_string_equal(other.previous, "0100000000000000");
}
