#include "core/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/crypto.h"
#include "core/mem.h"

struct kb_sha256 {
	EVP_MD_CTX *ctx;
};

/* With a fetched SHA-256 and valid pointers these calls fail only when memory
 * is exhausted; a digest that cannot be made must never look like one. */
static void must(int ok)
{
	if (!ok)
		kb_no_memory();
}

struct kb_sha256 *kb_sha256_new(void)
{
	struct kb_sha256 *s = kb_alloc(1, sizeof(*s));

	s->ctx = EVP_MD_CTX_new();
	must(s->ctx && EVP_DigestInit_ex2(s->ctx, kb_crypto_sha256(), NULL));
	return s;
}

void kb_sha256_add(struct kb_sha256 *s, const void *data, size_t len)
{
	must(EVP_DigestUpdate(s->ctx, data, len));
}

void kb_sha256_end(struct kb_sha256 *s, struct kb_digest *ret_digest)
{
	must(EVP_DigestFinal_ex(s->ctx, ret_digest->b, NULL));
	must(EVP_DigestInit_ex2(s->ctx, kb_crypto_sha256(), NULL));
}

void kb_sha256_free(struct kb_sha256 *s)
{
	if (!s)
		return;
	EVP_MD_CTX_free(s->ctx);
	free(s);
}

void kb_digest_of(const void *data, size_t len, struct kb_digest *ret_digest)
{
	must(EVP_Digest(data, len, ret_digest->b, NULL, kb_crypto_sha256(), NULL));
}

int kb_digest_of_fd(int fd, struct kb_digest *ret_digest, uint64_t *ret_size, struct kb_err *err)
{
	enum { BLOCK = 1 << 18 };
	kb_autofree char *block = kb_alloc(BLOCK, 1);
	struct kb_sha256 *s = kb_sha256_new();
	uint64_t size = 0;

	for (;;) {
		ssize_t n = read(fd, block, BLOCK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			kb_sha256_free(s);
			return kb_err_errno(err, KB_E_IO, "read");
		}
		if (n == 0)
			break;
		kb_sha256_add(s, block, (size_t)n);
		size += (uint64_t)n;
	}
	kb_sha256_end(s, ret_digest);
	kb_sha256_free(s);
	if (ret_size)
		*ret_size = size;
	return 0;
}

bool kb_digest_eq(const struct kb_digest *a, const struct kb_digest *b)
{
	return memcmp(a->b, b->b, KB_DIGEST_LEN) == 0;
}

int kb_digest_cmp(const struct kb_digest *a, const struct kb_digest *b)
{
	return memcmp(a->b, b->b, KB_DIGEST_LEN);
}

void kb_hex(const uint8_t *bytes, size_t len, char *out)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool kb_hex_parse(const char *hex, uint8_t *ret_bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int hi = hex_value(hex[2 * i]), lo = hi < 0 ? -1 : hex_value(hex[2 * i + 1]);

		if (lo < 0)
			return false;
		ret_bytes[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

bool kb_hex_line(const char *line, const char *word, uint8_t *ret_bytes, size_t len)
{
	size_t skip = strlen(word);

	return memcmp(line, word, skip) == 0 && line[skip + 2 * len] == '\n' &&
	       kb_hex_parse(line + skip, ret_bytes, len);
}

bool kb_digest_parse(const char *hex, struct kb_digest *ret_digest)
{
	struct kb_digest d = {0};

	if (strlen(hex) != KB_HEX_LEN || !kb_hex_parse(hex, d.b, KB_DIGEST_LEN))
		return false;
	*ret_digest = d;
	return true;
}

const char *kb_digest_hex(const struct kb_digest *d)
{
	static _Thread_local char text[8][KB_HEX_LEN + 1];
	static _Thread_local unsigned next;
	char *out = text[next++ % 8];

	kb_hex(d->b, KB_DIGEST_LEN, out);
	return out;
}
