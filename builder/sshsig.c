#include "builder/sshsig.h"

#include <ctype.h>
#include <string.h>

#include "builder/sums_stock.h"

#define MAGIC     "SSHSIG"
#define KEY_TYPE  "ssh-ed25519"
#define HASH_NAME "sha512"

enum { ARMOUR_WIDTH = 70 };

/* Integers and strings of RFC 4251, section 5: big-endian, length first. */
static void add32(struct kb_buf *buf, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		kb_buf_putc(buf, (char)(v >> shift & 0xff));
}

static void add_string(struct kb_buf *buf, const void *bytes, size_t len)
{
	add32(buf, (uint32_t)len);
	kb_buf_add(buf, bytes, len);
}

static void add_text(struct kb_buf *buf, const char *text)
{
	add_string(buf, text, strlen(text));
}

static void public_key(const struct kb_key *key, struct kb_buf *out)
{
	add_text(out, KEY_TYPE);
	add_string(out, key->b, KB_KEY_LEN);
}

/* What the Ed25519 signature covers. */
static void covered(const void *msg, size_t len, struct kb_buf *out)
{
	uint8_t hash[KB_SHA512_LEN];

	kb_stock_sha512(msg, len, hash);
	kb_buf_puts(out, MAGIC);
	add_text(out, KB_SSHSIG_NAMESPACE);
	add_text(out, ""); /* reserved */
	add_text(out, HASH_NAME);
	add_string(out, hash, sizeof(hash));
}

int kb_sshsig_make(const struct kb_secret_key *key, const void *msg, size_t len, struct kb_buf *out,
		   struct kb_err *err)
{
	kb_autobuf struct kb_buf body = KB_BUF_INIT, part = KB_BUF_INIT;
	uint8_t signature[KB_SIGNATURE_LEN];
	struct kb_key public;
	int rc;

	covered(msg, len, &part);
	rc = kb_secret_key_sign(key, part.data, part.len, signature, err);
	if (rc < 0)
		return rc;
	kb_buf_puts(&body, MAGIC);
	add32(&body, 1); /* version */
	kb_buf_clear(&part);
	kb_secret_key_public(key, &public);
	public_key(&public, &part);
	add_string(&body, part.data, part.len);
	add_text(&body, KB_SSHSIG_NAMESPACE);
	add_text(&body, "");
	add_text(&body, HASH_NAME);
	kb_buf_clear(&part);
	add_text(&part, KEY_TYPE);
	add_string(&part, signature, sizeof(signature));
	add_string(&body, part.data, part.len);
	kb_buf_puts(out, "-----BEGIN SSH SIGNATURE-----\n");
	kb_stock_base64(body.data, body.len, ARMOUR_WIDTH, out);
	kb_buf_puts(out, "\n-----END SSH SIGNATURE-----\n");
	return 0;
}

void kb_sshsig_allowed_signer(const struct kb_key *key, const char *name, struct kb_buf *out)
{
	kb_autobuf struct kb_buf blob = KB_BUF_INIT;

	public_key(key, &blob);
	for (; *name; name++) /* a principal has no blanks, commas or patterns */
		kb_buf_putc(out,
			    isalnum((unsigned char)*name) || strchr("._-", *name) ? *name : '-');
	kb_buf_printf(out, "@keybuzz namespaces=\"%s\" %s ", KB_SSHSIG_NAMESPACE, KEY_TYPE);
	kb_stock_base64(blob.data, blob.len, 0, out);
	kb_buf_putc(out, '\n');
}
