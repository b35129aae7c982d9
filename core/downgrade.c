#include "core/downgrade.h"

#include <string.h>

#define KEY       "key "
#define SIGNATURE "signature "

enum {
	KEY_LINE = sizeof(KEY) - 1 + KB_HEX_LEN + 1,
	SIGNATURE_LINE = sizeof(SIGNATURE) - 1 + 2 * KB_HEX_LEN + 1,
	SEAL = KEY_LINE + SIGNATURE_LINE,
};

void kb_downgrade_seal(const struct kb_key *key, const uint8_t signature[KB_SIGNATURE_LEN],
		       struct kb_buf *out)
{
	char hex[2 * KB_SIGNATURE_LEN + 1];

	kb_hex(key->b, KB_KEY_LEN, hex);
	kb_buf_printf(out, KEY "%s\n", hex);
	kb_hex(signature, KB_SIGNATURE_LEN, hex);
	kb_buf_printf(out, SIGNATURE "%s\n", hex);
}

void kb_downgrade_covered(const char *lines, size_t len, struct kb_buf *out)
{
	kb_pae(KB_DOWNGRADE_PURPOSE, lines, len, out);
}

/* *RET_LEN: the signed lines. */
static int authenticate(const char *text, size_t len, const struct kb_trust *trust, size_t *ret_len,
			struct kb_err *err)
{
	kb_autobuf struct kb_buf covered = KB_BUF_INIT;
	uint8_t signature[KB_SIGNATURE_LEN];
	struct kb_digest fingerprint;
	struct kb_key key;
	size_t lines;

	if (len > KB_DOWNGRADE_MAX || len < SEAL)
		return kb_err_set(err, KB_E_DAMAGED, "no permission to downgrade, or cut short");
	lines = len - SEAL;
	if (!kb_hex_line(text + lines, KEY, key.b, KB_KEY_LEN) ||
	    !kb_hex_line(text + lines + KEY_LINE, SIGNATURE, signature, KB_SIGNATURE_LEN))
		return kb_err_set(
			err, KB_E_DAMAGED,
			"no permission to downgrade: does not end with a key and a signature");
	kb_downgrade_covered(text, lines, &covered);
	if (kb_key_verify(&key, covered.data, covered.len, signature, NULL) < 0)
		return kb_err_set(err, KB_E_SIGNATURE, "its signature does not match");
	if (!kb_trust_has(trust, &key)) {
		kb_key_fingerprint(&key, &fingerprint);
		return kb_err_set(err, KB_E_TRUST, "signed by %s, which is not trusted here (%s)",
				  kb_digest_hex(&fingerprint), trust->where);
	}
	*ret_len = lines;
	return 0;
}

int kb_downgrade_read(const char *text, size_t len, const struct kb_trust *trust,
		      struct kb_downgrade *ret_downgrade, struct kb_err *err)
{
	size_t lines;
	int rc = authenticate(text, len, trust, &lines, err);

	return rc < 0 ? rc : kb_downgrade_parse(text, lines, ret_downgrade, err);
}
