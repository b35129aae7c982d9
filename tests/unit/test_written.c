/* builder/written.c: a file is known for as long as nobody touched it, by its path,
 * and to the key that wrote it alone. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/written.h"
#include "core/file.h"

static struct kb_store *store;
static struct kb_secret_key *key;
static struct kb_key by;
static char *dir, *path, *other;
static const struct kb_written left = {{{1, 2, 3}}, {{4, 5, 6}}};

static void put(const char *name, const char *text)
{
	assert_int_equal(kb_file_replace(name, text, strlen(text), 0755, NULL), 0);
}

static bool known(const char *name)
{
	struct kb_written found;

	if (!kb_written_find(store, &by, name, &found))
		return false;
	assert_true(kb_digest_eq(&found.head, &left.head));
	assert_true(kb_digest_eq(&found.whole, &left.whole));
	return true;
}

/* A file that is known. */
static void begin(void)
{
	static int number;
	kb_autofree char *stored = NULL;
	kb_autoclose int fd = -1;

	kb_store_close(store);
	if (!key) {
		assert_int_equal(kb_secret_key_generate(&key, NULL), 0);
		kb_secret_key_public(key, &by);
	}
	free(dir);
	free(path);
	free(other);
	dir = kb_format("%s/written%d", kb_test_dir(), number++);
	stored = kb_format("%s/store", dir);
	path = kb_format("%s/a.run", dir);
	other = kb_format("%s/b.run", dir);
	assert_int_equal(kb_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(kb_store_open(stored, &store, NULL), 0);
	put(path, "a bundle");
	assert_false(known(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(kb_written_keep(store, key, path, fd, &left, NULL), 0);
	assert_true(known(path));
}

static char *only_record(void)
{
	kb_autofree char *text = kb_format("written %s", path);
	struct kb_digest digest;

	kb_digest_of(text, strlen(text), &digest);
	return kb_format("%s/derived/%s", kb_store_dir(store), kb_digest_hex(&digest));
}

KB_TEST(a_file_is_known_until_it_is_touched)
{
	static const struct timespec then[2] = {{0, UTIME_OMIT}, {1000000000, 0}};

	begin();
	put(path, "a bundle"); /* the same, and another file */
	assert_false(known(path));
	begin();
	assert_int_equal(chmod(path, 0700), 0);
	assert_false(known(path));
	begin();
	assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
	assert_false(known(path));
	begin();
	assert_int_equal(truncate(path, 3), 0);
	assert_false(known(path));
	begin();
	assert_int_equal(unlink(path), 0);
	assert_false(known(path));
}

/* Bytes changed in place, with size and time of content as before. */
KB_TEST(a_change_that_hides_its_time_is_seen)
{
	struct timespec times[2];
	kb_autoclose int fd = -1;
	struct stat st;

	begin();
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	usleep(20000); /* longer than what the clock of a file system rests */
	assert_int_equal(pwrite(fd, "A", 1, 0), 1);
	assert_int_equal(futimens(fd, times), 0);
	assert_false(known(path));
}

KB_TEST(a_file_is_known_under_its_name_only)
{
	begin();
	assert_int_equal(link(path, other), 0);
	assert_false(known(other));
	assert_false(known(path)); /* the number of its names is a touch, too */
	begin();
	assert_int_equal(symlink(path, other), 0);
	assert_false(known(other));
	assert_true(known(path));
	assert_false(known(dir));
}

KB_TEST(a_record_counts_for_who_wrote_it)
{
	struct kb_secret_key *stranger;
	struct kb_written found;
	struct kb_key them;

	begin();
	assert_int_equal(kb_secret_key_generate(&stranger, NULL), 0);
	kb_secret_key_public(stranger, &them);
	kb_secret_key_free(stranger);
	assert_false(kb_written_find(store, &them, path, &found));
}

KB_TEST(no_byte_of_a_record_may_change)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	kb_autofree char *record = NULL;

	begin();
	record = only_record();
	assert_int_equal(kb_file_read(record, 65536, &text, NULL), 0);
	for (size_t i = 0; i < text.len; i++) {
		text.data[i] ^= 1;
		assert_int_equal(kb_file_replace(record, text.data, text.len, 0644, NULL), 0);
		assert_false(known(path));
		text.data[i] ^= 1;
	}
	for (size_t len = 0; len < text.len; len++) {
		assert_int_equal(kb_file_replace(record, text.data, len, 0644, NULL), 0);
		assert_false(known(path));
	}
	assert_int_equal(kb_file_replace(record, text.data, text.len, 0644, NULL), 0);
	assert_true(known(path));
}

KB_TEST(the_digest_of_a_known_file_is_not_read)
{
	struct kb_digest digest, real;

	begin();
	assert_int_equal(kb_written_digest(store, &by, path, &digest, NULL), 0);
	assert_true(kb_digest_eq(&digest, &left.whole));
	put(path, "a bundle");
	kb_digest_of("a bundle", 8, &real);
	assert_int_equal(kb_written_digest(store, &by, path, &digest, NULL), 0);
	assert_true(kb_digest_eq(&digest, &real));
	assert_int_equal(kb_written_digest(store, &by, other, &digest, NULL), KB_E_IO);
}
