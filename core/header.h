/* The 4 KiB header and the one decision that everything rests on: are these
 * manifest bytes signed by somebody we trust. Its reader sees bytes that
 * nobody vouches for yet: it compares, takes one bounded integer, and checks
 * that the rest is zero; it parses nothing.
 */
#ifndef CORE_HEADER_H
#define CORE_HEADER_H

#include "core/format.h"
#include "core/trust.h"

struct kb_slot {
	struct kb_key key;
	uint8_t signature[KB_SIGNATURE_LEN];
};

struct kb_header {
	uint32_t manifest_len;
	struct kb_slot slots[KB_SLOTS]; /* used ones first */
	size_t n_slots;
};

/* KB_E_DAMAGED: no bundle, a format we do not know, or reserved bytes set;
 * KB_E_INVALID: manifest length out of bounds. */
int kb_header_read(const uint8_t bytes[KB_HEADER_LEN], struct kb_header *ret_header,
		   struct kb_err *err);
void kb_header_write(const struct kb_header *header, uint8_t ret_bytes[KB_HEADER_LEN]);

/* Every signature present must verify with its own key (KB_E_SIGNATURE), no
 * key may stand twice, and one of them must be trusted (KB_E_TRUST). */
int kb_header_authenticate(const struct kb_header *header, const uint8_t *manifest, size_t len,
			   const struct kb_trust *trust, struct kb_key *ret_signer,
			   struct kb_err *err);

#endif
