#include <stdio.h>

#include "builder/cmd.h"
#include "builder/secret_key.h"
#include "builder/sums.h"
#include "core/file.h"
#include "core/words.h"

static int make(const char *name, struct kb_key *ret_public, struct kb_err *err)
{
	kb_autofree char *secret_path = kb_format("%s.key", name);
	kb_autofree char *public_path = kb_format("%s.pub", name);
	struct kb_secret_key *key = NULL;
	char pem[KB_KEY_PEM_LEN + 1];
	int rc = kb_secret_key_generate(&key, err);

	if (rc == 0)
		rc = kb_secret_key_save(key, secret_path, err);
	if (rc == 0) {
		kb_secret_key_public(key, ret_public);
		kb_key_pem(ret_public, pem);
		rc = kb_file_replace(public_path, pem, KB_KEY_PEM_LEN, 0644, err);
		if (rc == 0)
			rc = kb_sums_write_public(name, ret_public, err);
	}
	kb_secret_key_free(key);
	return rc;
}

static int run(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	const char *name = kb_args_positional(args);
	struct kb_digest fingerprint;
	char words[KB_WORDS_LEN];
	struct kb_key public;
	int rc;

	(void)b;
	if ((rc = kb_args_end(args, err)) < 0)
		return rc;
	if (!name)
		return kb_err_set(err, KB_E_USAGE,
				  "keygen: name the key, as in: keybuzz-bundle "
				  "keygen release");
	if ((rc = make(name, &public, err)) < 0)
		return rc;
	kb_key_fingerprint(&public, &fingerprint);
	kb_words_format(fingerprint.b, words);
	fprintf(stderr, "wrote %s.key (keep it offline) and %s.pub (goes to /etc/keybuzz/trust/)\n",
		name, name);
	printf("%s\n%s\n", kb_digest_hex(&fingerprint), words);
	return 0;
}

const struct kb_cmd cmd_keygen = {
	.name = "keygen",
	.summary = "make a signing key and its public half",
	.usage = "keygen NAME",
	.help = "Writes NAME.key (0600, PKCS #8) and NAME.pub (PEM), both readable by stock\n"
		"openssl, and prints the fingerprint in hex and as six words. The fingerprint\n"
		"is what `sha256sum NAME.pub` prints: give it to operators by another way.\n"
		"NAME.allowed_signers and NAME.minisign are the same public key for ssh-keygen\n"
		"and minisign; they do not go to the trust folder.\n"
		"\nExample:\n  keybuzz-bundle keygen release\n",
	.run = run,
};
