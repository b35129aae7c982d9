#include "builder/minisig.h"

#include <string.h>

#include "builder/sums_stock.h"

#define TRUSTED_COMMENT "keybuzz release"

enum { KEY_ID_LEN = 8 };

/* minisign draws its key ids by lot; ours follow from the key. */
static void key_id(const struct kb_key *key, uint8_t ret_id[KEY_ID_LEN])
{
	struct kb_digest digest;

	kb_digest_of(key->b, KB_KEY_LEN, &digest);
	memcpy(ret_id, digest.b, KEY_ID_LEN);
}

/* Shown as minisign does: a little-endian number in hex. */
static void id_text(const struct kb_key *key, char ret_text[2 * KEY_ID_LEN + 1])
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t id[KEY_ID_LEN];

	key_id(key, id);
	for (size_t i = 0; i < KEY_ID_LEN; i++) {
		ret_text[2 * i] = digits[id[KEY_ID_LEN - 1 - i] >> 4];
		ret_text[2 * i + 1] = digits[id[KEY_ID_LEN - 1 - i] & 15];
	}
	ret_text[2 * KEY_ID_LEN] = '\0';
}

static void add_line(const char *algorithm, const struct kb_key *key, const void *bytes, size_t len,
		     struct kb_buf *out)
{
	kb_autobuf struct kb_buf record = KB_BUF_INIT;
	uint8_t id[KEY_ID_LEN];

	key_id(key, id);
	kb_buf_add(&record, algorithm, 2);
	kb_buf_add(&record, id, sizeof(id));
	kb_buf_add(&record, bytes, len);
	kb_stock_base64(record.data, record.len, 0, out);
	kb_buf_putc(out, '\n');
}

int kb_minisig_make(const struct kb_secret_key *key, const void *msg, size_t len,
		    struct kb_buf *out, struct kb_err *err)
{
	uint8_t hash[KB_BLAKE2B_LEN], global[KB_SIGNATURE_LEN];
	uint8_t covered[KB_SIGNATURE_LEN + sizeof(TRUSTED_COMMENT) - 1];
	struct kb_key public;
	char id[2 * KEY_ID_LEN + 1];
	int rc;

	kb_secret_key_public(key, &public);
	kb_stock_blake2b(msg, len, hash);
	/* the second signature covers the first and the trusted comment */
	memcpy(covered + KB_SIGNATURE_LEN, TRUSTED_COMMENT, sizeof(TRUSTED_COMMENT) - 1);
	if ((rc = kb_secret_key_sign(key, hash, sizeof(hash), covered, err)) < 0 ||
	    (rc = kb_secret_key_sign(key, covered, sizeof(covered), global, err)) < 0)
		return rc;
	id_text(&public, id);
	kb_buf_printf(out, "untrusted comment: signature from minisign secret key %s\n", id);
	add_line("ED", &public, covered, KB_SIGNATURE_LEN, out);
	kb_buf_puts(out, "trusted comment: " TRUSTED_COMMENT "\n");
	kb_stock_base64(global, sizeof(global), 0, out);
	kb_buf_putc(out, '\n');
	return 0;
}

void kb_minisig_public(const struct kb_key *key, struct kb_buf *out)
{
	char id[2 * KEY_ID_LEN + 1];

	id_text(key, id);
	kb_buf_printf(out, "untrusted comment: minisign public key %s\n", id);
	add_line("Ed", key, key->b, KB_KEY_LEN, out);
}
