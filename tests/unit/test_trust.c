#include "tests/unit/unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/trust.h"

static struct kb_key put_anchor(const char *dir, const char *name, uint8_t seed)
{
	kb_autofree char *path = kb_format("%s/%s", dir, name);
	char pem[KB_KEY_PEM_LEN + 1];
	struct kb_key key;

	memset(key.b, seed, KB_KEY_LEN);
	kb_key_pem(&key, pem);
	assert_int_equal(kb_file_replace(path, pem, KB_KEY_PEM_LEN, 0644, NULL), 0);
	return key;
}

static char *make_dir(const char *name)
{
	char *dir = kb_format("%s/%s", kb_test_dir(), name);

	assert_int_equal(kb_mkdirs(dir, 0755, NULL), 0);
	return dir;
}

KB_TEST(trust_directory_that_others_can_write_is_refused)
{
	kb_autofree char *dir = kb_format("%s/trust", kb_test_dir());
	kb_autofree char *file = kb_format("%s/a.pub", dir);
	struct kb_trust trust;
	struct kb_err err;
	struct kb_key key;
	char pem[KB_KEY_PEM_LEN + 1];

	assert_int_equal(kb_trust_load(dir, &trust, &err), 0);
	assert_int_equal(trust.n, 0);
	memset(key.b, 9, KB_KEY_LEN);
	kb_key_pem(&key, pem);
	assert_int_equal(kb_mkdirs(dir, 0755, &err), 0);
	assert_int_equal(kb_file_replace(file, pem, KB_KEY_PEM_LEN, 0644, &err), 0);
	assert_int_equal(kb_trust_load(dir, &trust, &err), 0);
	assert_int_equal(trust.n, 1);
	assert_true(kb_trust_has(&trust, &key));
	assert_int_equal(chmod(file, 0666), 0);
	assert_int_equal(kb_trust_load(dir, &trust, &err), KB_E_ENVIRONMENT);
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(kb_trust_load(dir, &trust, &err), KB_E_ENVIRONMENT);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(kb_file_replace(file, "hello", 5, 0644, &err), 0);
	assert_int_equal(kb_trust_load(dir, &trust, &err), KB_E_INVALID);
}

KB_TEST(trust_of_another_owner_is_refused)
{
	kb_autofree char *dir = make_dir("trust-owner"), *file = kb_format("%s/a.pub", dir);
	struct kb_trust trust;

	if (geteuid() != 0)
		skip();
	put_anchor(dir, "a.pub", 1);
	assert_int_equal(chown(file, 65534, 0), 0);
	assert_int_equal(kb_trust_load(dir, &trust, NULL), KB_E_ENVIRONMENT);
	/* what belongs to who asks is as good as what is root's */
	assert_int_equal(chmod(kb_test_dir(), 0755), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(kb_trust_load(dir, &trust, NULL), 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chown(file, 0, 0), 0);
	assert_int_equal(chmod(file, 0664), 0);
	assert_int_equal(kb_trust_load(dir, &trust, NULL), KB_E_ENVIRONMENT);
}

KB_TEST(trust_takes_files_named_pub_and_no_other)
{
	kb_autofree char *dir = make_dir("trust-names");
	struct kb_trust trust;
	struct kb_key one = put_anchor(dir, "one.pub", 1), two = put_anchor(dir, "two.pub", 2);

	put_anchor(dir, ".pub", 3);
	put_anchor(dir, ".hidden.pub", 4);
	put_anchor(dir, "old.pub.txt", 5);
	put_anchor(dir, "pub", 6);
	assert_int_equal(kb_trust_load(dir, &trust, NULL), 0);
	assert_int_equal(trust.n, 2);
	assert_true(kb_trust_has(&trust, &one));
	assert_true(kb_trust_has(&trust, &two));
}

KB_TEST(trust_with_one_bad_anchor_is_refused)
{
	kb_autofree char *dir = make_dir("trust-bad"), *bad = kb_format("%s/b.pub", dir);
	struct kb_trust trust = {.n = 77};

	put_anchor(dir, "a.pub", 1);
	put_anchor(dir, "c.pub", 2);
	assert_int_equal(kb_file_replace(bad, "x", 1, 0644, NULL), 0);
	assert_int_equal(kb_trust_load(dir, &trust, NULL), KB_E_INVALID);
	assert_int_equal(trust.n, 77);
}

KB_TEST(trust_has_a_limit)
{
	kb_autofree char *dir = make_dir("trust-many");
	struct kb_trust trust;

	for (int i = 0; i <= KB_TRUST_MAX; i++) {
		kb_autofree char *name = kb_format("%03d.pub", i);

		put_anchor(dir, name, (uint8_t)(i + 1)); /* all of zeros is no key */
		assert_int_equal(kb_trust_load(dir, &trust, NULL),
				 i < KB_TRUST_MAX ? 0 : KB_E_INVALID);
	}
}

KB_TEST(trust_that_is_no_folder_is_refused)
{
	kb_autofree char *file = kb_format("%s/trust-file", kb_test_dir());
	struct kb_trust trust;

	assert_int_equal(kb_file_replace(file, "x", 1, 0644, NULL), 0);
	assert_int_equal(kb_trust_load(file, &trust, NULL), KB_E_IO);
}
