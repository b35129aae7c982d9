#include "builder/secret_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crypto.h"
#include "core/file.h"

struct kb_secret_key {
	EVP_PKEY *pkey;
	struct kb_key public;
};

static int wrap(EVP_PKEY *pkey, struct kb_secret_key **ret_key, struct kb_err *err)
{
	struct kb_secret_key *key;
	size_t len = KB_KEY_LEN;
	struct kb_key public;

	if (!pkey || !EVP_PKEY_is_a(pkey, "ED25519") ||
	    EVP_PKEY_get_raw_public_key(pkey, public.b, &len) != 1 || len != KB_KEY_LEN) {
		EVP_PKEY_free(pkey);
		return kb_err_set(err, KB_E_INVALID, "not an Ed25519 key in PKCS #8 PEM");
	}
	key = kb_alloc(1, sizeof(*key));
	key->pkey = pkey;
	key->public = public;
	*ret_key = key;
	return 0;
}

int kb_secret_key_generate(struct kb_secret_key **ret_key, struct kb_err *err)
{
	return wrap(EVP_PKEY_Q_keygen(kb_crypto_ctx(), "provider=default", "ED25519"), ret_key,
		    err);
}

static int check_mode(const char *path, struct kb_err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return kb_err_errno(err, errno == ENOENT ? KB_E_MISSING : KB_E_IO, "%s", path);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s: mode %04o lets others use the key: chmod 600 %s", path,
				  st.st_mode & 07777, path);
	return 0;
}

/* Never asks on a terminal: a key with a passphrase is refused with a word. */
static int no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)ctx;
	return -1;
}

int kb_secret_key_load(const char *path, struct kb_secret_key **ret_key, struct kb_err *err)
{
	struct kb_buf text = KB_BUF_INIT;
	EVP_PKEY *pkey = NULL;
	BIO *bio;
	int rc;

	if ((rc = check_mode(path, err)) < 0)
		return rc;
	rc = kb_file_read(path, 16384, &text, err);
	if (rc == 0) {
		errno = 0;
		bio = BIO_new_mem_buf(text.data, (int)text.len);
		if (bio)
			pkey = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase, NULL,
							  kb_crypto_ctx(), "provider=default");
		BIO_free(bio);
		if (!pkey && errno == ENOMEM)
			kb_no_memory();
		rc = wrap(pkey, ret_key, err);
		if (rc < 0)
			rc = kb_err_wrap(err, "%s", path);
	}
	kb_buf_wipe(&text);
	return rc;
}

int kb_secret_key_save(const struct kb_secret_key *key, const char *path, struct kb_err *err)
{
	kb_autoclose int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;
	long len;
	int rc;

	if (fd < 0) {
		BIO_free(bio);
		return kb_err_errno(err, KB_E_IO, "%s: a key is never overwritten", path);
	}
	if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
	    (len = BIO_get_mem_data(bio, &text)) <= 0)
		rc = kb_err_set(err, KB_E_INTERNAL, "%s: the key cannot be written as PEM", path);
	else
		rc = kb_write_full(fd, text, (size_t)len, err);
	BIO_free(bio);
	if (rc == 0 && fsync(fd) < 0)
		rc = kb_err_errno(err, KB_E_IO, "%s", path);
	if (rc < 0)
		unlink(path);
	return rc;
}

void kb_secret_key_free(struct kb_secret_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

void kb_secret_key_public(const struct kb_secret_key *key, struct kb_key *ret_public)
{
	*ret_public = key->public;
}

int kb_secret_key_sign(const struct kb_secret_key *key, const void *msg, size_t len,
		       uint8_t ret_signature[KB_SIGNATURE_LEN], struct kb_err *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = KB_SIGNATURE_LEN;
	bool good = ctx &&
		    EVP_DigestSignInit_ex(ctx, NULL, NULL, kb_crypto_ctx(), "provider=default",
					  key->pkey, NULL) == 1 &&
		    EVP_DigestSign(ctx, ret_signature, &n, msg, len) == 1 && n == KB_SIGNATURE_LEN;

	EVP_MD_CTX_free(ctx);
	/* a key that was loaded has nothing else to fail for */
	return good ? 0 : kb_err_set(err, KB_E_MEMORY, "sign: out of memory");
}
