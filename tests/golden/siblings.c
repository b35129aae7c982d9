/* What is different in each of the bundles, and wrong in the refused. The exit
 * codes they must give are in expect.tsv. */
#include "tests/golden/making.h"

#include <stdlib.h>
#include <string.h>

#include "core/format.h"
#include "core/value.h"

static size_t manifest_at(const struct making *k)
{
	(void)k;
	return KB_HEADER_LEN;
}

static size_t chunks_at(const struct making *k)
{
	return KB_HEADER_LEN + k->encoded.len;
}

static void set_chunk(struct making *k, size_t i)
{
	k->m->chunks[i].stored = (uint32_t)k->stored[i].len;
	kb_digest_of(k->stored[i].data, k->stored[i].len, &k->m->chunks[i].digest);
}

static void unsorted_files(struct making *k)
{
	struct kb_file first = k->m->files[0];

	k->m->files[0] = k->m->files[1];
	k->m->files[1] = first;
}

static void dot_dot_path(struct making *k)
{
	set_text(&k->m->files[0].path, "../lib/a.sh");
}

static void absolute_path(struct making *k)
{
	set_text(&k->m->files[0].path, "/etc/cron.d/a");
}

static void set_id_mode(struct making *k)
{
	k->m->files[0].mode = 04755;
}

static void host_path_of_ours(struct making *k)
{
	set_text(&k->m->steps[2].target, "/var/lib/keybuzz/journal");
}

static void unknown_step_kind(struct making *k)
{
	k->m->steps[2].kind = KB_STEP_KIND_COUNT;
}

static void network_of_steps(struct making *k)
{
	for (size_t i = 0; i < k->m->n_steps; i++)
		if (*kb_step_network(&k->m->steps[i]))
			k->m->steps[i].flags |= KB_STEP_NETWORK;
}

static void network_of_a_file(struct making *k)
{
	k->m->steps[4].flags |= KB_STEP_NETWORK;
}

static void unknown_step_flag(struct making *k)
{
	k->m->steps[6].flags |= 128;
}

static void blob_overlap(struct making *k)
{
	for (size_t i = 0; i < BLOBS; i++)
		if (k->m->blobs[i].chunk == 0 && k->m->blobs[i].offset)
			k->m->blobs[i].offset--;
}

static void blob_missing(struct making *k)
{
	k->m->blobs[blob_of(LAYER)].size--;
}

static void plain_size(struct making *k)
{
	k->m->chunks[1].plain++;
}

/* The tiling agrees with the lie; only the frame itself knows. */
static void frame_size(struct making *k)
{
	k->m->chunks[1].plain++;
	k->m->blobs[blob_of(LAYER)].size++;
}

static void two_frames(struct making *k)
{
	kb_autofree char *again = kb_strndup(k->stored[1].data, k->stored[1].len);

	kb_buf_add(&k->stored[1], again, k->stored[1].len);
	set_chunk(k, 1);
	k->m->chunks[1].plain *= 2;
	k->m->blobs[blob_of(LAYER)].size *= 2;
}

static void skippable_frame(struct making *k)
{
	static const char frame[] = "\x50\x2a\x4d\x18\x04\0\0\0evil";

	kb_buf_add(&k->stored[1], frame, sizeof(frame) - 1);
	set_chunk(k, 1);
}

static void wrong_stub(struct making *k)
{
	k->m->stub.b[0] ^= 1;
}

static void deep_variables(struct making *k)
{
	struct kb_value *v = kb_value_map();

	for (int i = 0; i < KB_VALUE_DEPTH; i++) {
		struct kb_value *outer = kb_value_map();

		kb_value_set(outer, "deeper", v);
		v = outer;
	}
	kb_value_set(k->m->variables, "deep", v);
}

static void put_u64(struct kb_buf *buf, size_t at, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		buf->data[at + i] = (char)(uint8_t)(v >> (8 * i));
}

static void total_size(struct making *k)
{
	put_u64(&k->encoded, k->encoded.len - 8, k->m->total_size + 1);
}

static void total_size_huge(struct making *k)
{
	put_u64(&k->encoded, k->encoded.len - 8, UINT64_MAX);
}

static void bytes_behind(struct making *k)
{
	kb_buf_putc(&k->encoded, '\0');
}

static void cut_manifest(struct making *k)
{
	k->encoded.len -= 9;
}

/* hosts_odd stands behind the three texts of the selection and hosts_min. */
static void true_is_two(struct making *k)
{
	char *at = memmem(k->encoded.data, k->encoded.len, "\x05\0redis\0\0\0\0\x03\0\0\0\x01", 16);

	if (!at)
		abort();
	at[15] = 2;
}

static void second_signature(struct making *k)
{
	sign(k->second, KB_PURPOSE, &k->encoded, &k->header.slots[k->header.n_slots++]);
}

static void bad_second_signature(struct making *k)
{
	second_signature(k);
	k->header.slots[1].signature[0] ^= 1;
}

static void same_key_twice(struct making *k)
{
	k->header.slots[k->header.n_slots++] = k->header.slots[0];
}

static void unknown_key(struct making *k)
{
	k->header.n_slots = 0;
	second_signature(k);
}

static void no_signature(struct making *k)
{
	k->header.n_slots = 0;
}

static void signature_byte(struct making *k)
{
	k->header.slots[0].signature[63] ^= 0x80;
}

static void other_purpose(struct making *k)
{
	sign(k->signer, "keybuzz-run/trust/v1", &k->encoded, &k->header.slots[0]);
}

static void flip(struct making *k, size_t at)
{
	k->tail.data[at] = (char)(k->tail.data[at] ^ 1);
}

static void magic(struct making *k)
{
	flip(k, 0);
}

static void future_format(struct making *k)
{
	k->tail.data[KB_MAGIC_LEN] = KB_FORMAT + 1;
}

static void length_zero(struct making *k)
{
	memset(k->tail.data + KB_MAGIC_LEN + 4, 0, 4);
}

static void length_huge(struct making *k)
{
	memset(k->tail.data + KB_MAGIC_LEN + 4, 0xff, 4);
}

static void reserved_byte(struct making *k)
{
	flip(k, KB_HEADER_LEN - 1);
}

static void slot_gap(struct making *k)
{
	char *slots = k->tail.data + KB_SLOTS_OFFSET;

	memcpy(slots + KB_SLOT_LEN, slots, KB_SLOT_LEN);
	memset(slots, 0, KB_SLOT_LEN);
}

static void manifest_byte(struct making *k)
{
	flip(k, manifest_at(k) + k->encoded.len / 2);
}

static void chunk_byte(struct making *k)
{
	flip(k, chunks_at(k) + k->stored[0].len / 2);
}

static void swapped_chunks(struct making *k)
{
	k->tail.len = chunks_at(k);
	kb_buf_add(&k->tail, k->stored[1].data, k->stored[1].len);
	kb_buf_add(&k->tail, k->stored[0].data, k->stored[0].len);
}

static void truncated(struct making *k)
{
	k->tail.len--;
}

static void header_only(struct making *k)
{
	k->tail.len = KB_HEADER_LEN;
}

static void header_cut(struct making *k)
{
	k->tail.len = KB_HEADER_LEN - 1;
}

static void appended(struct making *k)
{
	kb_buf_putc(&k->tail, '\0');
}

const struct sibling siblings[] = {
	{.name = "golden"},
	{.name = "second-signature", .signatures = second_signature},
	{.name = "magic", .tail = magic},
	{.name = "future-format", .tail = future_format},
	{.name = "length-zero", .tail = length_zero},
	{.name = "length-huge", .tail = length_huge},
	{.name = "reserved-byte", .tail = reserved_byte},
	{.name = "slot-gap", .tail = slot_gap},
	{.name = "no-signature", .signatures = no_signature},
	{.name = "signature-byte", .signatures = signature_byte},
	{.name = "bad-second-signature", .signatures = bad_second_signature},
	{.name = "same-key-twice", .signatures = same_key_twice},
	{.name = "other-purpose", .signatures = other_purpose},
	{.name = "unknown-key", .signatures = unknown_key},
	{.name = "manifest-byte", .tail = manifest_byte},
	{.name = "bytes-behind-manifest", .bytes = bytes_behind},
	{.name = "cut-manifest", .bytes = cut_manifest},
	{.name = "true-is-two", .bytes = true_is_two},
	{.name = "deep-variables", .manifest = deep_variables},
	{.name = "unsorted-files", .manifest = unsorted_files},
	{.name = "dot-dot-path", .manifest = dot_dot_path},
	{.name = "absolute-path", .manifest = absolute_path},
	{.name = "set-id-mode", .manifest = set_id_mode},
	{.name = "host-path-of-ours", .manifest = host_path_of_ours},
	{.name = "unknown-step-kind", .manifest = unknown_step_kind},
	{.name = "network-of-steps", .manifest = network_of_steps},
	{.name = "network-of-a-file", .manifest = network_of_a_file},
	{.name = "unknown-step-flag", .manifest = unknown_step_flag},
	{.name = "blob-overlap", .manifest = blob_overlap},
	{.name = "blob-missing", .manifest = blob_missing},
	{.name = "plain-size", .manifest = plain_size},
	{.name = "frame-size", .manifest = frame_size},
	{.name = "two-frames", .manifest = two_frames},
	{.name = "skippable-frame", .manifest = skippable_frame},
	{.name = "wrong-stub", .manifest = wrong_stub},
	{.name = "total-size", .bytes = total_size},
	{.name = "total-size-huge", .bytes = total_size_huge},
	{.name = "chunk-byte", .tail = chunk_byte},
	{.name = "swapped-chunks", .tail = swapped_chunks},
	{.name = "truncated", .tail = truncated},
	{.name = "header-only", .tail = header_only},
	{.name = "header-cut", .tail = header_cut},
	{.name = "appended", .tail = appended},
};

const size_t n_siblings = sizeof(siblings) / sizeof(siblings[0]);
