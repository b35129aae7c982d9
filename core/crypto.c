#include "core/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/err.h"
#include "core/mem.h"

static OSSL_LIB_CTX *lib_ctx;
static EVP_MD *sha256;

/* A context of our own and NO_LOAD_CONFIG: openssl.cnf, OPENSSL_CONF and
 * OPENSSL_MODULES of a hostile environment are never looked at. NO_ATEXIT:
 * worker threads may still run when main returns. */
static void init(void)
{
	errno = 0;
	if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) ||
	    !(lib_ctx = OSSL_LIB_CTX_new()) ||
	    !(sha256 = EVP_MD_fetch(lib_ctx, "SHA2-256", "provider=default"))) {
		if (errno == ENOMEM)
			kb_no_memory();
		fputs("keybuzz: error 90 internal: the cryptographic library does not start\n",
		      stderr);
		_Exit(-KB_E_INTERNAL);
	}
}

static void init_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init);
}

void *kb_crypto_ctx(void)
{
	init_once();
	return lib_ctx;
}

void *kb_crypto_sha256(void)
{
	init_once();
	return sha256;
}
