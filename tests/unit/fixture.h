/* A small real bundle for tests: signed, with small and large blobs, an image
 * of two layers and a few steps. */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include "builder/secret_key.h"
#include "core/bundle.h"

struct kb_fixture {
	char *dir;      /* scratch folder */
	char *path;     /* the bundle */
	uint8_t *bytes; /* ..as it stands in the file */
	size_t len;
	size_t manifest_len;
	struct kb_secret_key *key;
	struct kb_trust trust; /* the key */
};

/* Made once per process. */
const struct kb_fixture *kb_fixture(void);

/* Write BYTES as a file of the scratch folder and open it. The name is reused. */
int kb_fixture_open(const uint8_t *bytes, size_t len, const struct kb_trust *trust,
		    struct kb_bundle **ret_bundle, struct kb_err *err);

/* Open BYTES, trusted as the fixture is, and verify all of it; how that ends. */
int kb_fixture_verify(const void *bytes, size_t len);

/* The manifest that the fixture was packed from; the caller frees it. */
struct kb_manifest *kb_fixture_manifest(void);

/* Sign manifest bytes and put them, and whatever follows, behind the stub. */
void kb_fixture_resign(const void *manifest, size_t len, const void *chunks, size_t chunks_len,
		       struct kb_buf *out);

#endif
