/* What the three parts of the generator share: bundle.c makes the good bundle in
 * steps, siblings.c changes something between two of them, make.c keeps what
 * comes out. */
#ifndef TESTS_GOLDEN_MAKING_H
#define TESTS_GOLDEN_MAKING_H

#include "core/header.h"
#include "core/manifest.h"

enum { BLOBS = 6, EMPTY = 4, LAYER = 5, CHUNKS = 2 };

struct signer {
	void *pkey; /* EVP_PKEY * */
	struct kb_key public;
};

/* The key whose seed is the SHA-256 of SEED_TEXT and MORE. */
void make_signer(const struct kb_buf *seed_text, const char *more, struct signer *ret);
void free_signer(struct signer *signer);
void sign(const struct signer *signer, const char *purpose, const struct kb_buf *manifest,
	  struct kb_slot *ret_slot);

struct making {
	struct kb_manifest *m;
	struct kb_buf stored[CHUNKS]; /* frames */
	struct kb_buf encoded;        /* the manifest */
	struct kb_header header;
	struct kb_buf tail;
	const struct signer *signer, *second;
};

/* What is done to the manifest before it is written, to its bytes before they
 * are signed, to the signatures, to the finished file; NULL is nothing. */
struct sibling {
	const char *name;
	void (*manifest)(struct making *k);
	void (*bytes)(struct making *k);
	void (*signatures)(struct making *k);
	void (*tail)(struct making *k);
};

extern const struct sibling siblings[];
extern const size_t n_siblings;

void make_bundle(const struct sibling *s, struct making *k);
void forget_bundle(struct making *k);

/* The index of the blob that holds text number TEXT. */
uint32_t blob_of(size_t text);
void set_text(char **field, const char *text);

#endif
