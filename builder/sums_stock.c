#include "builder/sums_stock.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "core/crypto.h"

static void digest(const char *name, const void *data, size_t len, uint8_t *ret, size_t want)
{
	EVP_MD *md = EVP_MD_fetch(kb_crypto_ctx(), name, "provider=default");
	unsigned n = 0;
	int good = md && EVP_Digest(data, len, ret, &n, md, NULL);

	EVP_MD_free(md);
	if (!good || n != want) /* the default provider has all of them */
		kb_no_memory();
}

void kb_stock_sha1(const void *data, size_t len, uint8_t ret[KB_SHA1_LEN])
{
	digest("SHA1", data, len, ret, KB_SHA1_LEN);
}

void kb_stock_sha512(const void *data, size_t len, uint8_t ret[KB_SHA512_LEN])
{
	digest("SHA2-512", data, len, ret, KB_SHA512_LEN);
}

void kb_stock_blake2b(const void *data, size_t len, uint8_t ret[KB_BLAKE2B_LEN])
{
	digest("BLAKE2B-512", data, len, ret, KB_BLAKE2B_LEN);
}

void kb_stock_base64(const void *data, size_t len, size_t width, struct kb_buf *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *in = data;
	size_t column = 0;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16;
		char four[4];

		v |= i + 1 < len ? (uint32_t)in[i + 1] << 8 : 0;
		v |= i + 2 < len ? in[i + 2] : 0;
		four[0] = digits[v >> 18];
		four[1] = digits[v >> 12 & 63];
		four[2] = i + 1 < len ? digits[v >> 6 & 63] : '=';
		four[3] = i + 2 < len ? digits[v & 63] : '=';
		for (size_t k = 0; k < 4; k++) {
			if (width && column == width) {
				kb_buf_putc(out, '\n');
				column = 0;
			}
			kb_buf_putc(out, four[k]);
			column++;
		}
	}
}
