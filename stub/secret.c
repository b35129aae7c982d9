#include "stub/secret.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "core/crypto.h"
#include "core/digest.h"
#include "core/random.h"

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

enum { LETTERS = sizeof(ALPHABET) - 1, KEY = 32, BASE64_KEY = 44, BASE64_SALT = 24 };

/* Bytes from the last, incomplete round of the alphabet are thrown away: they
 * would make its first letters more probable. */
int kb_secret_make(size_t length, struct kb_buf *out, struct kb_err *err)
{
	uint8_t bytes[64];

	while (length) {
		int rc = kb_random(bytes, sizeof(bytes), err);

		if (rc < 0)
			return rc;
		for (size_t i = 0; i < sizeof(bytes) && length; i++)
			if (bytes[i] < 256 / LETTERS * LETTERS) {
				kb_buf_putc(out, ALPHABET[bytes[i] % LETTERS]);
				length--;
			}
	}
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

/* The algorithms come from our own library context (core/crypto.h). They fail
 * for want of memory only. */
static int failed(struct kb_err *err)
{
	return kb_err_set(err, KB_E_MEMORY, "the cryptographic library makes no verifier");
}

static int salted_password(const char *password, const uint8_t *salt, uint8_t out[KEY])
{
	unsigned rounds = KB_VERIFIER_ROUNDS;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA2-256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (char *)password,
						  strlen(password)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (uint8_t *)salt,
						  KB_VERIFIER_SALT),
		OSSL_PARAM_construct_uint(OSSL_KDF_PARAM_ITER, &rounds),
		OSSL_PARAM_construct_end()};
	EVP_KDF *kdf = EVP_KDF_fetch(kb_crypto_ctx(), "PBKDF2", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	int ok = ctx && EVP_KDF_derive(ctx, out, KEY, params) > 0;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok ? 0 : -1;
}

static int hmac(const uint8_t key[KEY], const char *text, uint8_t out[KEY])
{
	size_t len = 0;

	return EVP_Q_mac(kb_crypto_ctx(), "HMAC", NULL, "SHA2-256", NULL, key, KEY,
			 (const uint8_t *)text, strlen(text), out, KEY, &len) &&
			       len == KEY
		       ? 0
		       : -1;
}

static void add_base64(struct kb_buf *out, const uint8_t *bytes, size_t len)
{
	char text[BASE64_KEY + 1];

	EVP_EncodeBlock((uint8_t *)text, bytes, (int)len);
	kb_buf_puts(out, text);
}

static void add_verifier(struct kb_buf *out, const uint8_t *salt, const struct kb_digest *stored,
			 const uint8_t server[KEY])
{
	kb_buf_printf(out, "SCRAM-SHA-256$%d:", KB_VERIFIER_ROUNDS);
	add_base64(out, salt, KB_VERIFIER_SALT);
	kb_buf_putc(out, '$');
	add_base64(out, stored->b, KEY);
	kb_buf_putc(out, ':');
	add_base64(out, server, KEY);
}

int kb_verifier_make(const char *password, const uint8_t *salt, struct kb_buf *out,
		     struct kb_err *err)
{
	uint8_t fresh[KB_VERIFIER_SALT], salted[KEY], client[KEY], server[KEY];
	struct kb_digest stored;
	int rc = salt ? 0 : kb_random(fresh, sizeof(fresh), err);

	if (rc < 0)
		return rc;
	if (!salt)
		salt = fresh;
	if (salted_password(password, salt, salted) < 0 || hmac(salted, "Client Key", client) < 0 ||
	    hmac(salted, "Server Key", server) < 0)
		return failed(err);
	kb_digest_of(client, sizeof(client), &stored);
	add_verifier(out, salt, &stored, server);
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
	return 0;
}

bool kb_verifier_fits(const char *verifier, const char *password)
{
	__attribute__((cleanup(kb_buf_wipe))) struct kb_buf wanted = KB_BUF_INIT;
	kb_autofree char *begin = kb_format("SCRAM-SHA-256$%d:", KB_VERIFIER_ROUNDS);
	uint8_t salt[BASE64_SALT / 4 * 3];
	const char *text = verifier + strlen(begin);
	struct kb_err err;

	if (strncmp(verifier, begin, strlen(begin)) != 0 || strcspn(text, "$") != BASE64_SALT ||
	    EVP_DecodeBlock(salt, (const uint8_t *)text, BASE64_SALT) < 0 ||
	    kb_verifier_make(password, salt, &wanted, &err) < 0)
		return true;
	return strcmp(wanted.data, verifier) == 0;
}
