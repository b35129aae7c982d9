#include "core/header.h"

#include <string.h>

#include "core/bytes.h"

enum {
	FORMAT_AT = KB_MAGIC_LEN,
	LENGTH_AT = FORMAT_AT + 4,
	ZERO_AT = LENGTH_AT + 4,
	SLOTS_END = KB_SLOTS_OFFSET + KB_SLOTS * KB_SLOT_LEN,
};

static const uint8_t *slot_at(const uint8_t *bytes, size_t i)
{
	return bytes + KB_SLOTS_OFFSET + i * KB_SLOT_LEN;
}

int kb_header_read(const uint8_t bytes[KB_HEADER_LEN], struct kb_header *ret_header,
		   struct kb_err *err)
{
	struct kb_header h = {.n_slots = 0};
	uint32_t format = kb_get32(bytes + FORMAT_AT);

	if (memcmp(bytes, KB_MAGIC, KB_MAGIC_LEN) != 0)
		return kb_err_set(err, KB_E_DAMAGED, "header: not a KeyBuzz bundle, or damaged");
	if (format != KB_FORMAT)
		return kb_err_set(err, KB_E_DAMAGED,
				  "header: format %u, this program reads format %u; use the "
				  "keybuzz-run of the same release",
				  format, KB_FORMAT);
	h.manifest_len = kb_get32(bytes + LENGTH_AT);
	if (h.manifest_len == 0 || h.manifest_len > KB_MANIFEST_MAX)
		return kb_err_set(err, KB_E_INVALID, "header: a manifest of %u bytes, at most %u",
				  h.manifest_len, KB_MANIFEST_MAX);
	if (!kb_all_zero(bytes + ZERO_AT, KB_SLOTS_OFFSET - ZERO_AT) ||
	    !kb_all_zero(bytes + SLOTS_END, KB_HEADER_LEN - SLOTS_END))
		return kb_err_set(err, KB_E_DAMAGED, "header: reserved bytes are not zero");
	while (h.n_slots < KB_SLOTS && !kb_all_zero(slot_at(bytes, h.n_slots), KB_SLOT_LEN)) {
		struct kb_slot *slot = &h.slots[h.n_slots];
		const uint8_t *at = slot_at(bytes, h.n_slots++);

		memcpy(slot->key.b, at, KB_KEY_LEN);
		memcpy(slot->signature, at + KB_KEY_LEN, KB_SIGNATURE_LEN);
	}
	for (size_t i = h.n_slots; i < KB_SLOTS; i++)
		if (!kb_all_zero(slot_at(bytes, i), KB_SLOT_LEN))
			return kb_err_set(err, KB_E_SIGNATURE,
					  "header: signature slot %zu follows an empty one", i + 1);
	*ret_header = h;
	return 0;
}

void kb_header_write(const struct kb_header *header, uint8_t ret_bytes[KB_HEADER_LEN])
{
	memset(ret_bytes, 0, KB_HEADER_LEN);
	memcpy(ret_bytes, KB_MAGIC, KB_MAGIC_LEN);
	kb_put32(ret_bytes + FORMAT_AT, KB_FORMAT);
	kb_put32(ret_bytes + LENGTH_AT, header->manifest_len);
	for (size_t i = 0; i < header->n_slots; i++) {
		uint8_t *at = ret_bytes + KB_SLOTS_OFFSET + i * KB_SLOT_LEN;

		memcpy(at, header->slots[i].key.b, KB_KEY_LEN);
		memcpy(at + KB_KEY_LEN, header->slots[i].signature, KB_SIGNATURE_LEN);
	}
}

/* A slot carries its own key, so a flipped byte shows as a signature that does
 * not verify, and a key that is merely unknown as exactly that. */
static int check_slots(const struct kb_header *header, const uint8_t *manifest, size_t len,
		       struct kb_err *err)
{
	kb_autobuf struct kb_buf signed_bytes = KB_BUF_INIT;

	if (header->n_slots == 0)
		return kb_err_set(err, KB_E_SIGNATURE, "the bundle is not signed");
	kb_pae(KB_PURPOSE, manifest, len, &signed_bytes);
	for (size_t i = 0; i < header->n_slots; i++) {
		const struct kb_slot *slot = &header->slots[i];

		for (size_t j = 0; j < i; j++)
			if (kb_key_eq(&header->slots[j].key, &slot->key))
				return kb_err_set(err, KB_E_SIGNATURE,
						  "slots %zu and %zu hold the same key", j + 1,
						  i + 1);
		if (kb_key_verify(&slot->key, signed_bytes.data, signed_bytes.len, slot->signature,
				  NULL) < 0)
			return kb_err_set(err, KB_E_SIGNATURE,
					  "signature %zu of %zu does not match the manifest; copy "
					  "the file again, or do not trust it",
					  i + 1, header->n_slots);
	}
	return 0;
}

static int refuse_key(const struct kb_header *header, const struct kb_trust *trust,
		      struct kb_err *err)
{
	struct kb_digest fingerprint;

	kb_key_fingerprint(&header->slots[0].key, &fingerprint);
	if (trust->n == 0 && !trust->by_fingerprint)
		return kb_err_set(err, KB_E_TRUST,
				  "this host has no trust anchor in %s; the bundle is signed by %s",
				  trust->where, kb_digest_hex(&fingerprint));
	return kb_err_set(err, KB_E_TRUST, "signed by %s, which is not trusted on this host (%s)",
			  kb_digest_hex(&fingerprint), trust->where);
}

int kb_header_authenticate(const struct kb_header *header, const uint8_t *manifest, size_t len,
			   const struct kb_trust *trust, struct kb_key *ret_signer,
			   struct kb_err *err)
{
	int rc = check_slots(header, manifest, len, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < header->n_slots; i++) {
		if (!kb_trust_has(trust, &header->slots[i].key))
			continue;
		*ret_signer = header->slots[i].key;
		return 0;
	}
	return refuse_key(header, trust, err);
}
