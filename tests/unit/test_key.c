#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/secret_key.h"
#include "core/file.h"
#include "core/json_read.h"
#include "core/trust.h"

static void unhex(const char *hex, struct kb_buf *out)
{
	for (; hex[0] && hex[1]; hex += 2) {
		char byte[3] = {hex[0], hex[1], 0};

		kb_buf_putc(out, (char)strtoul(byte, NULL, 16));
	}
}

/* The verdict of stock openssl on the same bytes. */
static bool openssl_says_good(const struct kb_key *key, const struct kb_buf *msg,
			      const struct kb_buf *sig)
{
	kb_autofree char *pub = kb_format("%s/w.pub", kb_test_dir());
	kb_autofree char *in = kb_format("%s/w.msg", kb_test_dir());
	kb_autofree char *sig_path = kb_format("%s/w.sig", kb_test_dir());
	char pem[KB_KEY_PEM_LEN + 1];
	int status = 0;
	pid_t pid;

	kb_key_pem(key, pem);
	assert_int_equal(kb_file_replace(pub, pem, KB_KEY_PEM_LEN, 0644, NULL), 0);
	assert_int_equal(kb_file_replace(in, msg->data ? msg->data : "", msg->len, 0644, NULL), 0);
	assert_int_equal(
		kb_file_replace(sig_path, sig->data ? sig->data : "", sig->len, 0644, NULL), 0);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		dup2(null, 2);
		execlp("openssl", "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", pub,
		       "-rawin", "-in", in, "-sigfile", sig_path, (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 127);
	return WEXITSTATUS(status) == 0;
}

static bool ours(const struct kb_key *key, const struct kb_buf *msg, const struct kb_buf *sig)
{
	return sig->len == KB_SIGNATURE_LEN &&
	       kb_key_verify(key, msg->data, msg->len, (const uint8_t *)sig->data, NULL) == 0;
}

static void one_vector(const struct kb_key *key, const struct kb_value *test)
{
	kb_autobuf struct kb_buf msg = KB_BUF_INIT, sig = KB_BUF_INIT;
	bool valid = !strcmp(kb_json_member(test, "result"), "valid");

	unhex(kb_json_member(test, "msg"), &msg);
	unhex(kb_json_member(test, "sig"), &sig);
	kb_buf_reserve(&msg, 1);
	assert_int_equal(ours(key, &msg, &sig), valid);
	/* the command cannot take an empty message (it maps the file) */
	if (msg.len)
		assert_int_equal(openssl_says_good(key, &msg, &sig), valid);
}

KB_TEST(A22_wycheproof_verdicts_are_ours_and_openssls)
{
	const char *path = kb_test_data("wycheproof/ed25519_test.json");
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_value *root = NULL;
	const struct kb_value *groups;
	size_t seen = 0;

	if (!path)
		skip();
	assert_int_equal(kb_file_read(path, 8 << 20, &text, NULL), 0);
	assert_int_equal(kb_json_parse(path, text.data, text.len, &root, NULL), 0);
	groups = kb_value_get(root, "testGroups");
	for (size_t i = 0; i < kb_value_count(groups); i++) {
		const struct kb_value *group = kb_value_at(groups, i);
		const struct kb_value *tests = kb_value_get(group, "tests");
		kb_autobuf struct kb_buf raw = KB_BUF_INIT;
		struct kb_key key;

		unhex(kb_json_member(kb_value_get(group, "publicKey"), "pk"), &raw);
		assert_int_equal(raw.len, KB_KEY_LEN);
		memcpy(key.b, raw.data, KB_KEY_LEN);
		for (size_t j = 0; j < kb_value_count(tests); j++, seen++)
			one_vector(&key, kb_value_at(tests, j));
	}
	assert_int_equal(seen, kb_json_member_u64(root, "numberOfTests"));
	assert_true(seen >= 100);
	kb_value_free(root);
}

KB_TEST(key_file_is_what_openssl_writes_and_its_sha256sum_the_fingerprint)
{
	kb_autofree char *path = kb_format("%s/k.key", kb_test_dir());
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	kb_autofree char *command = NULL;
	struct kb_secret_key *key = NULL;
	struct kb_digest fingerprint;
	struct kb_key public, back;
	char pem[KB_KEY_PEM_LEN + 1], line[256];
	struct stat st;
	FILE *pipe;

	assert_int_equal(kb_secret_key_generate(&key, NULL), 0);
	assert_int_equal(kb_secret_key_save(key, path, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(kb_secret_key_save(key, path, NULL) < 0);
	kb_secret_key_public(key, &public);
	kb_key_pem(&public, pem);
	command = kb_format("openssl pkey -in %s -pubout", path);
	pipe = popen(command, "r");
	while (fgets(line, sizeof(line), pipe))
		kb_buf_puts(&out, line);
	assert_int_equal(pclose(pipe), 0);
	assert_string_equal(out.data, pem);
	assert_int_equal(kb_key_parse(pem, KB_KEY_PEM_LEN, "k", &back, NULL), 0);
	assert_true(kb_key_eq(&public, &back));
	kb_key_fingerprint(&public, &fingerprint);
	kb_digest_of(pem, KB_KEY_PEM_LEN, (struct kb_digest *)line);
	assert_memory_equal(line, fingerprint.b, KB_DIGEST_LEN);
	kb_secret_key_free(key);
}

KB_TEST(key_file_others_can_read_is_refused)
{
	kb_autofree char *path = kb_format("%s/open.key", kb_test_dir());
	struct kb_secret_key *key = NULL;

	assert_int_equal(kb_secret_key_generate(&key, NULL), 0);
	assert_int_equal(kb_secret_key_save(key, path, NULL), 0);
	kb_secret_key_free(key);
	key = NULL;
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(kb_secret_key_load(path, &key, NULL), KB_E_ENVIRONMENT);
}

KB_TEST(key_text_with_any_byte_changed_is_another_key_or_none)
{
	struct kb_key key, back;
	char pem[KB_KEY_PEM_LEN + 1];

	memset(key.b, 0x5a, KB_KEY_LEN);
	kb_key_pem(&key, pem);
	for (size_t i = 0; i < KB_KEY_PEM_LEN; i++)
		for (int x = 1; x < 256; x++) {
			pem[i] ^= (char)x;
			if (kb_key_parse(pem, KB_KEY_PEM_LEN, "k", &back, NULL) == 0)
				assert_false(kb_key_eq(&key, &back));
			pem[i] ^= (char)x;
		}
	assert_int_equal(kb_key_parse(pem, KB_KEY_PEM_LEN - 1, "k", &back, NULL), KB_E_INVALID);
}

static void expect_weak(const uint8_t point[KB_KEY_LEN])
{
	uint8_t sig[KB_SIGNATURE_LEN] = {0};
	char pem[KB_KEY_PEM_LEN + 1];
	struct kb_key key, back;

	memcpy(key.b, point, KB_KEY_LEN);
	kb_key_pem(&key, pem);
	assert_int_equal(kb_key_parse(pem, KB_KEY_PEM_LEN, "k", &back, NULL), KB_E_INVALID);
	/* one of these fits a message in eight at most */
	for (int message = 0; message < 64; message++)
		for (int sign = 0; sign < 256; sign += 0x80) {
			memcpy(sig, point, KB_KEY_LEN);
			sig[KB_KEY_LEN - 1] ^= (uint8_t)sign;
			assert_int_equal(kb_key_verify(&key, &message, sizeof(message), sig, NULL),
					 KB_E_SIGNATURE);
		}
}

/* A signature of nobody: the neutral element as key and as first half, zero as
 * second, fits every message. */
KB_TEST(A22_keys_of_small_order_sign_nothing)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	kb_autobuf struct kb_buf msg = KB_BUF_INIT, sig = KB_BUF_INIT;
	struct kb_key neutral = {{1}};
	uint8_t zeros[KB_KEY_LEN] = {0};

	kb_buf_puts(&msg, "anything");
	kb_buf_add(&sig, neutral.b, KB_KEY_LEN);
	kb_buf_add(&sig, zeros, KB_KEY_LEN);
	assert_true(openssl_says_good(&neutral, &msg, &sig));
	assert_false(ours(&neutral, &msg, &sig));
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		kb_autobuf struct kb_buf point = KB_BUF_INIT;

		unhex(points[i], &point);
		expect_weak((uint8_t *)point.data);
		point.data[KB_KEY_LEN - 1] = (char)(point.data[KB_KEY_LEN - 1] ^ 0x80);
		expect_weak((uint8_t *)point.data);
	}
}

/* One byte away from those that are refused, in the middle. */
KB_TEST(A22_keys_just_below_the_prime_are_keys)
{
	kb_autobuf struct kb_buf point = KB_BUF_INIT;
	char pem[KB_KEY_PEM_LEN + 1];
	struct kb_key key, back;

	unhex("edfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe7f", &point);
	memcpy(key.b, point.data, KB_KEY_LEN);
	kb_key_pem(&key, pem);
	assert_int_equal(kb_key_parse(pem, KB_KEY_PEM_LEN, "k", &back, NULL), 0);
	assert_true(kb_key_eq(&key, &back));
}
