/* Internal to core/: the one OpenSSL library context and the algorithms
 * fetched from it once. Types are void so that no header of ours shows
 * OpenSSL's; digest.c, sign.c and key.c cast them back. */
#ifndef CORE_CRYPTO_H
#define CORE_CRYPTO_H

void *kb_crypto_ctx(void);    /* OSSL_LIB_CTX * */
void *kb_crypto_sha256(void); /* EVP_MD * */

#endif
