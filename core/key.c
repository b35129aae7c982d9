#include "core/key.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "core/crypto.h"
#include "core/mem.h"

/* SubjectPublicKeyInfo of Ed25519 up to the key itself: RFC 8410, section 4. */
static const uint8_t spki_prefix[12] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
					0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

#define SPKI_LEN   (sizeof(spki_prefix) + KB_KEY_LEN) /* 44 bytes: 60 base64 characters */
#define BASE64_LEN 60
#define PEM_BEGIN  "-----BEGIN PUBLIC KEY-----\n"
#define PEM_END    "\n-----END PUBLIC KEY-----\n"

/* The points whose order divides 8, without the sign of x. */
static const uint8_t small_order[][KB_KEY_LEN] = {
	{0x00},
	{0x01},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

bool kb_key_eq(const struct kb_key *a, const struct kb_key *b)
{
	return memcmp(a->b, b->b, KB_KEY_LEN) == 0;
}

/* IN ends with a byte of zero that makes its length a multiple of three and
 * that the last digit, a padding, stands for. */
static void base64(const uint8_t in[SPKI_LEN + 1], char out[BASE64_LEN + 1])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i <= SPKI_LEN; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];

		for (unsigned shift = 24; shift; shift -= 6)
			*out++ = digits[v >> (shift - 6) & 63];
	}
	out[-1] = '=';
	*out = '\0';
}

void kb_key_pem(const struct kb_key *key, char ret_pem[KB_KEY_PEM_LEN + 1])
{
	uint8_t spki[SPKI_LEN + 1] = {0};
	char text[BASE64_LEN + 1];

	memcpy(spki, spki_prefix, sizeof(spki_prefix));
	memcpy(spki + sizeof(spki_prefix), key->b, KB_KEY_LEN);
	base64(spki, text);
	snprintf(ret_pem, KB_KEY_PEM_LEN + 1, PEM_BEGIN "%s" PEM_END, text);
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The last 43 significant digits hold the key; the check that follows, that
 * writing the key gives the same text, settles every other question. */
static bool decode_key(const char *text, struct kb_key *key)
{
	uint8_t spki[SPKI_LEN + 1];

	for (size_t i = 0; i < BASE64_LEN; i += 4) {
		uint32_t v = 0;

		for (size_t j = 0; j < 4; j++) {
			int d = text[i + j] == '=' ? 0 : base64_value(text[i + j]);

			if (d < 0)
				return false;
			v = v << 6 | (uint32_t)d;
		}
		spki[i / 4 * 3] = (uint8_t)(v >> 16);
		spki[i / 4 * 3 + 1] = (uint8_t)(v >> 8);
		spki[i / 4 * 3 + 2] = (uint8_t)v;
	}
	memcpy(key->b, spki + sizeof(spki_prefix), KB_KEY_LEN);
	return true;
}

/* Not below the field's prime 2^255 - 19: a second spelling of another point. */
static bool is_canonical(const uint8_t point[KB_KEY_LEN])
{
	if (point[0] < 0xed || (point[KB_KEY_LEN - 1] & 0x7f) != 0x7f)
		return true;
	for (size_t i = 1; i < KB_KEY_LEN - 1; i++)
		if (point[i] != 0xff)
			return true;
	return false;
}

/* Nobody has such a key: for a point of small order signatures can be made up
 * that fit one message in eight, or all of them. OpenSSL accepts them. */
static bool is_weak(const uint8_t point[KB_KEY_LEN])
{
	uint8_t y[KB_KEY_LEN];

	memcpy(y, point, KB_KEY_LEN);
	y[KB_KEY_LEN - 1] &= 0x7f;
	for (size_t i = 0; i < sizeof(small_order) / sizeof(small_order[0]); i++)
		if (memcmp(y, small_order[i], KB_KEY_LEN) == 0)
			return true;
	return !is_canonical(point);
}

int kb_key_parse(const char *pem, size_t len, const char *name, struct kb_key *ret_key,
		 struct kb_err *err)
{
	char again[KB_KEY_PEM_LEN + 1];
	struct kb_key key;

	if (len == KB_KEY_PEM_LEN && decode_key(pem + strlen(PEM_BEGIN), &key)) {
		kb_key_pem(&key, again);
		if (memcmp(again, pem, KB_KEY_PEM_LEN) == 0 && !is_weak(key.b)) {
			*ret_key = key;
			return 0;
		}
	}
	return kb_err_set(err, KB_E_INVALID,
			  "%s: not an Ed25519 public key in PEM, as keybuzz-bundle keygen or "
			  "openssl pkey -pubout write it",
			  name);
}

void kb_key_fingerprint(const struct kb_key *key, struct kb_digest *ret_fingerprint)
{
	char pem[KB_KEY_PEM_LEN + 1];

	kb_key_pem(key, pem);
	kb_digest_of(pem, KB_KEY_PEM_LEN, ret_fingerprint);
}

/* 1 when it verifies; anything but exactly that is a refusal, an error of the
 * library included. */
static int verify(EVP_PKEY *pkey, EVP_MD_CTX *ctx, const void *msg, size_t len, const uint8_t *sig)
{
	if (!pkey || !ctx ||
	    EVP_DigestVerifyInit_ex(ctx, NULL, NULL, kb_crypto_ctx(), "provider=default", pkey,
				    NULL) != 1)
		return 0;
	return EVP_DigestVerify(ctx, sig, KB_SIGNATURE_LEN, msg, len) == 1;
}

int kb_key_verify(const struct kb_key *key, const void *msg, size_t len,
		  const uint8_t sig[KB_SIGNATURE_LEN], struct kb_err *err)
{
	EVP_PKEY *pkey;
	EVP_MD_CTX *ctx;
	int good, reason;

	if (is_weak(key->b) || is_weak(sig))
		return kb_err_set(err, KB_E_SIGNATURE, "the signature does not verify");
	errno = 0;
	pkey = EVP_PKEY_new_raw_public_key_ex(kb_crypto_ctx(), "ED25519", "provider=default",
					      key->b, KB_KEY_LEN);
	ctx = EVP_MD_CTX_new();
	good = verify(pkey, ctx, msg, len, sig);
	reason = errno;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	if (good)
		return 0;
	/* refused all the same, but nobody should throw the file away for it */
	if (reason == ENOMEM)
		kb_no_memory();
	return kb_err_set(err, KB_E_SIGNATURE, "the signature does not verify");
}

void kb_pae(const char *purpose, const void *body, size_t len, struct kb_buf *out)
{
	kb_buf_printf(out, "DSSEv1 %zu %s %zu ", strlen(purpose), purpose, len);
	kb_buf_add(out, body, len);
}
