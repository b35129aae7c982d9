#include "tests/unit/unit.h"

#include <string.h>

#include "builder/sshsig.h"
#include "tests/unit/rfc8032.h"

/* What OpenSSH's `ssh-keygen -Y sign -n keybuzz-release` makes of the same key
 * and message. */
KB_TEST(sshsig_is_what_ssh_keygen_makes)
{
	struct kb_secret_key *key = kb_rfc8032_key();
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_err err;

	assert_int_equal(kb_sshsig_make(key, "abc  x\n", 7, &out, &err), 0);
	assert_string_equal(
		out.data, "-----BEGIN SSH SIGNATURE-----\n"
			  "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg11qYAYKxCrfVS/7TyWQHOg7hcv\n"
			  "PapiMlrwIaaPcHURoAAAAPa2V5YnV6ei1yZWxlYXNlAAAAAAAAAAZzaGE1MTIAAABTAAAA\n"
			  "C3NzaC1lZDI1NTE5AAAAQBfLCxp7Gi12xV9pKgGa3jd3LKbCkvcSHFouClNrnUoJxkNFm3\n"
			  "uceszDXCGJF9MaiguYutpJhVIDm9M/5ar97gA=\n"
			  "-----END SSH SIGNATURE-----\n");
	kb_secret_key_free(key);
}

KB_TEST(sshsig_allowed_signer_is_one_line_whatever_the_name)
{
	struct kb_secret_key *key = kb_rfc8032_key();
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_key public;

	kb_secret_key_public(key, &public);
	kb_sshsig_allowed_signer(&public, "release", &out);
	kb_sshsig_allowed_signer(&public, "a b,\n\"*", &out);
	assert_string_equal(
		out.data, "release@keybuzz namespaces=\"keybuzz-release\" ssh-ed25519 "
			  "AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\n"
			  "a-b----@keybuzz namespaces=\"keybuzz-release\" ssh-ed25519 "
			  "AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\n");
	kb_secret_key_free(key);
}
