#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/store.h"
#include "core/file.h"

static struct kb_store *open_store(const char *name)
{
	kb_autofree char *dir = kb_format("%s/%s", kb_test_dir(), name);
	struct kb_store *store;
	struct kb_err err;

	assert_int_equal(kb_store_open(dir, &store, &err), 0);
	return store;
}

static size_t count_entries(const struct kb_store *store, const char *sub)
{
	kb_autofree char *path = kb_format("%s/%s", kb_store_dir(store), sub);
	DIR *d = opendir(path);
	size_t n = 0;

	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void overwrite(const struct kb_store *store, const struct kb_digest *digest,
		      const char *text)
{
	const char *hex = kb_digest_hex(digest);
	kb_autofree char *path = kb_format("%s/sha256/%.2s/%s", kb_store_dir(store), hex, hex + 2);
	struct kb_err err;

	assert_int_equal(kb_file_replace(path, text, strlen(text), 0644, &err), 0);
}

KB_TEST(blob_comes_back_under_its_digest)
{
	kb_autostore struct kb_store *store = open_store("a");
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;
	struct kb_digest digest, expected;
	struct kb_err err;
	uint64_t size = 0;

	kb_digest_of("hello", 5, &expected);
	assert_int_equal(kb_store_put(store, "hello", 5, &digest, &err), 0);
	assert_true(kb_digest_eq(&digest, &expected));
	assert_true(kb_store_has(store, &digest, &size));
	assert_int_equal(size, 5);
	assert_int_equal(kb_store_get(store, &digest, 5, &buf, &err), 0);
	assert_string_equal(buf.data, "hello");
	assert_int_equal(kb_store_get(store, &digest, 4, &buf, &err), KB_E_INVALID);
	assert_int_equal(kb_store_check(store, &digest, &err), 0);
}

KB_TEST(wrong_digest_stores_nothing_and_leaves_nothing)
{
	kb_autostore struct kb_store *store = open_store("b");
	struct kb_store_writer *w;
	struct kb_digest wanted, digest;
	struct kb_err err;

	kb_digest_of("expected", 8, &wanted);
	kb_digest_of("other", 5, &digest);
	assert_int_equal(kb_store_begin(store, &w, &err), 0);
	assert_int_equal(kb_store_add(w, "oth", 3, &err), 0);
	assert_int_equal(kb_store_add(w, "er", 2, &err), 0);
	assert_int_equal(kb_store_commit(w, &wanted, NULL, NULL, &err), KB_E_DAMAGED);
	assert_false(kb_store_has(store, &wanted, NULL));
	assert_false(kb_store_has(store, &digest, NULL));
	assert_int_equal(count_entries(store, "sha256"), 0);
	assert_int_equal(kb_store_begin(store, &w, &err), 0);
	assert_int_equal(kb_store_add(w, "x", 1, &err), 0);
	kb_store_abort(w);
	kb_store_close(kb_steal(store));
	store = open_store("b");
	assert_int_equal(count_entries(store, "tmp"), 0);
}

KB_TEST(missing_blob_names_the_verb)
{
	kb_autostore struct kb_store *store = open_store("c");
	struct kb_digest digest;
	struct kb_err err;
	int fd;

	kb_digest_of("", 0, &digest);
	assert_int_equal(kb_store_read(store, &digest, &fd, NULL, &err), KB_E_MISSING);
	assert_non_null(strstr(err.text, "keybuzz-bundle fetch"));
}

KB_TEST(damaged_blob_is_found_and_replaced)
{
	kb_autostore struct kb_store *store = open_store("d");
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;
	struct kb_digest digest;
	struct kb_err err;

	assert_int_equal(kb_store_put(store, "good", 4, &digest, &err), 0);
	overwrite(store, &digest, "evil");
	assert_int_equal(kb_store_get(store, &digest, 100, &buf, &err), KB_E_DAMAGED);
	assert_int_equal(buf.len, 0);
	assert_int_equal(kb_store_put(store, "good", 4, &digest, &err), 0);
	assert_int_equal(kb_store_check(store, &digest, &err), 0);
	overwrite(store, &digest, "evil");
	assert_int_equal(kb_store_check(store, &digest, &err), KB_E_DAMAGED);
	assert_false(kb_store_has(store, &digest, NULL));
}

KB_TEST(link_in_place_of_a_blob_is_not_followed)
{
	kb_autostore struct kb_store *store = open_store("e");
	kb_autofree char *path = NULL;
	struct kb_digest digest;
	struct kb_err err;
	int fd;

	assert_int_equal(kb_store_put(store, "data", 4, &digest, &err), 0);
	path = kb_format("%s/sha256/%.2s/%s", kb_store_dir(store), kb_digest_hex(&digest),
			 kb_digest_hex(&digest) + 2);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_false(kb_store_has(store, &digest, NULL));
	assert_int_equal(kb_store_read(store, &digest, &fd, NULL, &err), KB_E_IO);
}

KB_TEST(derived_record_is_replaced_whole)
{
	kb_autostore struct kb_store *store = open_store("f");
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;
	struct kb_digest key;
	struct kb_err err;

	kb_digest_of("key", 3, &key);
	assert_int_equal(kb_store_derived_get(store, &key, &buf, &err), KB_E_MISSING);
	assert_int_equal(kb_store_derived_put(store, &key, "one\n", 4, &err), 0);
	assert_int_equal(kb_store_derived_put(store, &key, "two\n", 4, &err), 0);
	assert_int_equal(kb_store_derived_get(store, &key, &buf, &err), 0);
	assert_string_equal(buf.data, "two\n");
	assert_int_equal(count_entries(store, "derived"), 1);
}

KB_TEST(adopted_file_is_checked_before_it_moves)
{
	kb_autostore struct kb_store *store = open_store("g");
	kb_autofree char *path = NULL;
	struct kb_digest digest;
	const char *dir;
	struct kb_err err;

	assert_int_equal(kb_store_partial(store, &dir, &err), 0);
	path = kb_format("%s/file", dir);
	assert_int_equal(kb_file_replace(path, "body", 4, 0644, &err), 0);
	kb_digest_of("body", 4, &digest);
	assert_int_equal(kb_store_adopt(store, path, &digest, 5, &err), KB_E_DAMAGED);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(kb_store_adopt(store, path, &digest, 4, &err), 0);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(kb_store_check(store, &digest, &err), 0);
}

KB_TEST(second_fetch_on_one_store_is_busy)
{
	kb_autostore struct kb_store *one = open_store("h"), *two = open_store("h");
	const char *dir;
	struct kb_err err;

	assert_int_equal(kb_store_partial(one, &dir, &err), 0);
	assert_int_equal(kb_store_partial(one, &dir, &err), 0);
	assert_int_equal(kb_store_partial(two, &dir, &err), KB_E_BUSY);
}

/* Killed between two writes: no blob, and the next process cleans up without
 * touching the folder of a living one. */
KB_TEST(killed_writer_leaves_nothing_behind)
{
	kb_autostore struct kb_store *alive = open_store("i"), *next = NULL;
	struct kb_store_writer *w;
	char *scratch;
	struct kb_err err;
	int status;
	pid_t pid;

	assert_int_equal(kb_store_begin(alive, &w, &err), 0);
	pid = fork();
	if (pid == 0) {
		struct kb_store *store = open_store("i");
		struct kb_store_writer *other;

		if (kb_store_scratch(store, &scratch, &err) < 0 ||
		    kb_store_begin(store, &other, &err) < 0 ||
		    kb_store_add(other, "half", 4, &err) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(count_entries(alive, "tmp"), 2);
	next = open_store("i");
	assert_int_equal(kb_store_scratch(next, &scratch, &err), 0);
	assert_int_equal(count_entries(alive, "tmp"), 2); /* alive's and next's */
	kb_store_scratch_drop(scratch);
	assert_int_equal(kb_store_add(w, "done", 4, &err), 0);
	assert_int_equal(kb_store_commit(w, NULL, NULL, NULL, &err), 0);
	assert_int_equal(count_entries(alive, "sha256"), 1);
}

static void *put_many(void *arg)
{
	struct kb_store *store = arg;
	struct kb_err err;

	for (int i = 0; i < 40; i++) {
		kb_autofree char *text = kb_format("blob %d", i);

		if (kb_store_put(store, text, strlen(text), NULL, &err) < 0)
			return text;
	}
	return NULL;
}

KB_TEST(threads_store_the_same_blobs_at_once)
{
	kb_autostore struct kb_store *store = open_store("j");
	pthread_t t[4];
	void *failed;

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, put_many, store), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &failed);
		assert_null(failed);
	}
	for (int i = 0; i < 40; i++) {
		kb_autofree char *text = kb_format("blob %d", i);
		struct kb_digest digest;
		struct kb_err err;

		kb_digest_of(text, strlen(text), &digest);
		assert_int_equal(kb_store_check(store, &digest, &err), 0);
	}
}
