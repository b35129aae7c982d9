/* The one reader of bytes nobody vouches for: what it accepts it must write
 * back the same, and with nobody trusted no signature makes a bundle good. */
#include "tests/fuzz/fuzz.h"

#include "core/header.h"

KB_FUZZ(header)
{
	static const struct kb_trust nobody = {.n = 0};
	uint8_t bytes[KB_HEADER_LEN] = {0}, again[KB_HEADER_LEN];
	struct kb_header header;
	struct kb_key signer;
	struct kb_err err = {.code = 0};
	size_t n = len < KB_HEADER_LEN ? len : KB_HEADER_LEN;
	int rc;

	memcpy(bytes, data, n);
	rc = kb_header_read(bytes, &header, &err);
	if (rc < 0) {
		KB_MUST(err.code == rc && err.text[0]);
		return 0;
	}
	KB_MUST(header.manifest_len > 0 && header.manifest_len <= KB_MANIFEST_MAX);
	kb_header_write(&header, again);
	KB_MUST(memcmp(bytes, again, KB_HEADER_LEN) == 0);
	rc = kb_header_authenticate(&header, data + n, len - n, &nobody, &signer, &err);
	KB_MUST(rc == KB_E_SIGNATURE || rc == KB_E_TRUST);
	return 0;
}
