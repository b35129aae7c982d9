#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/format.h"
#include "core/header.h"

/* The signed part of the fixture, as a host keeps it. */
static size_t signed_part(uint8_t **ret_bytes)
{
	const struct kb_fixture *f = kb_fixture();
	size_t len = KB_HEADER_LEN + f->manifest_len;

	*ret_bytes = kb_alloc(len, 1);
	memcpy(*ret_bytes, f->bytes + KB_STUB_SPAN, len);
	return len;
}

static int recall(const uint8_t *bytes, size_t len, const struct kb_trust *trust)
{
	struct kb_bundle *bundle = NULL;
	int rc = kb_bundle_recall(bytes, len, "record", trust, &bundle, NULL);

	if (rc == 0)
		assert_string_equal(kb_bundle_manifest(bundle)->role, "redis");
	kb_bundle_close(bundle);
	return rc;
}

KB_TEST(recall_takes_what_was_kept_and_no_byte_less)
{
	const struct kb_trust *trust = &kb_fixture()->trust;
	kb_autofree uint8_t *bytes = NULL;
	size_t len = signed_part(&bytes);

	assert_int_equal(recall(bytes, len, trust), 0);
	assert_int_equal(recall(bytes, len - 1, trust), KB_E_STATE);
	assert_int_equal(recall(bytes, KB_HEADER_LEN, trust), KB_E_STATE);
	assert_int_equal(recall(bytes, KB_HEADER_LEN - 1, trust), KB_E_STATE);
	assert_int_equal(recall(bytes, 0, trust), KB_E_STATE);
}

KB_TEST(recall_verifies_like_the_first_time)
{
	struct kb_trust nobody = {.n = 0};
	kb_autofree uint8_t *bytes = NULL;
	size_t len = signed_part(&bytes);

	assert_int_equal(recall(bytes, len, &nobody), KB_E_TRUST);
	bytes[len - 2] ^= 1;
	assert_int_equal(recall(bytes, len, &kb_fixture()->trust), KB_E_SIGNATURE);
	bytes[len - 2] ^= 1;
	bytes[0] ^= 1;
	assert_true(recall(bytes, len, &kb_fixture()->trust) < 0);
}

KB_TEST(bundle_that_is_no_regular_file_is_refused)
{
	struct kb_bundle *bundle = NULL;
	int fd = open(kb_test_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(kb_bundle_open(fd, "x", &kb_fixture()->trust, &bundle, NULL), KB_E_PATH);
}

/* As many signatures as there is room for; the last one counts like the first. */
KB_TEST(header_with_every_slot_used)
{
	const struct kb_fixture *f = kb_fixture();
	kb_autofree uint8_t *bytes = NULL;
	size_t len = signed_part(&bytes);
	struct kb_trust last = {.n = 1};

	for (size_t i = 1; i < KB_SLOTS; i++) {
		uint8_t *slot = bytes + KB_SLOTS_OFFSET + i * KB_SLOT_LEN;
		kb_autobuf struct kb_buf text = KB_BUF_INIT;
		struct kb_secret_key *key = NULL;

		kb_pae(KB_PURPOSE, bytes + KB_HEADER_LEN, f->manifest_len, &text);
		assert_int_equal(kb_secret_key_generate(&key, NULL), 0);
		kb_secret_key_public(key, &last.keys[0]);
		memcpy(slot, last.keys[0].b, KB_KEY_LEN);
		assert_int_equal(
			kb_secret_key_sign(key, text.data, text.len, slot + KB_KEY_LEN, NULL), 0);
		kb_secret_key_free(key);
	}
	assert_int_equal(recall(bytes, len, &last), 0);
	bytes[KB_SLOTS_OFFSET + KB_SLOTS * KB_SLOT_LEN - 1] ^= 1;
	assert_int_equal(recall(bytes, len, &last), KB_E_SIGNATURE);
}
