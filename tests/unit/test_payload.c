/* Bundles that were signed by a trusted key and are wrong all the same: what the
 * list of attacks calls A6, A7, A10, A20 and group D, all of it as D20 says. Each is signed again
 * after the change, so that only the reader of a bundle stands in its way. */
#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/format.h"

static int signed_again(struct kb_manifest *m)
{
	const struct kb_fixture *f = kb_fixture();
	size_t chunks_at = KB_STUB_SPAN + KB_HEADER_LEN + f->manifest_len;
	kb_autobuf struct kb_buf manifest = KB_BUF_INIT, file = KB_BUF_INIT;

	kb_manifest_write(m, &manifest);
	/* a text of another length moves what follows */
	m->total_size = m->total_size - f->manifest_len + manifest.len;
	manifest.len = 0;
	kb_manifest_write(m, &manifest);
	kb_fixture_resign(manifest.data, manifest.len, f->bytes + chunks_at, f->len - chunks_at,
			  &file);
	kb_manifest_free(m);
	return kb_fixture_verify(file.data, file.len);
}

static void set(char **field, const char *value)
{
	free(*field);
	*field = kb_strdup(value);
}

#define SIGNED(change, code)                                   \
	do {                                                   \
		struct kb_manifest *m = kb_fixture_manifest(); \
		change;                                        \
		assert_int_equal(signed_again(m), code);       \
	} while (0)

KB_TEST(payload_signed_again_without_a_change_is_accepted)
{
	SIGNED((void)0, 0);
	SIGNED(set(&m->summary, "another length of the text"), 0);
}

KB_TEST(A6_a_byte_in_front_moves_everything)
{
	const struct kb_fixture *f = kb_fixture();
	static const size_t at[] = {0, 100, KB_STUB_SPAN, KB_STUB_SPAN + KB_HEADER_LEN + 7};

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		kb_autobuf struct kb_buf file = KB_BUF_INIT;
		int rc;

		kb_buf_add(&file, f->bytes, at[i]);
		kb_buf_add(&file, "\x7f", 1);
		kb_buf_add(&file, f->bytes + at[i], f->len - at[i]);
		rc = kb_fixture_verify(file.data, file.len);
		/* in the manifest it is the signature that does not fit */
		assert_int_equal(rc, i < 3 ? KB_E_DAMAGED : KB_E_SIGNATURE);
	}
}

/* Chunk FROM in the place of chunk 1; -1: zeros. */
static int with_chunk(int from)
{
	struct kb_manifest *m = kb_fixture_manifest();
	size_t at[4] = {KB_STUB_SPAN + KB_HEADER_LEN + kb_fixture()->manifest_len};
	kb_autofree uint8_t *copy = kb_alloc(kb_fixture()->len, 1);
	int rc;

	memcpy(copy, kb_fixture()->bytes, kb_fixture()->len);
	assert_true(m->n_chunks >= 3);
	for (int i = 0; i < 3; i++)
		at[i + 1] = at[i] + m->chunks[i].stored;
	for (size_t i = 0; i < m->chunks[1].stored; i++)
		copy[at[1] + i] = from < 0 ? 0 : copy[at[from] + i % m->chunks[from].stored];
	rc = kb_fixture_verify(copy, kb_fixture()->len);
	kb_manifest_free(m);
	return rc;
}

KB_TEST(A7_a_chunk_twice_or_of_zeros_is_damage)
{
	assert_int_equal(with_chunk(1), 0);
	assert_int_equal(with_chunk(0), KB_E_DAMAGED);
	assert_int_equal(with_chunk(-1), KB_E_DAMAGED);
}

KB_TEST(A10_other_files_are_damage)
{
	static const char *const begins[] = {"ID3\x04",
					     "\x7f"
					     "ELF\x02\x01\x01",
					     "ustar",
					     "PK\x03\x04",
					     "\xfd"
					     "7zXZ",
					     "Rar!\x1a\x07",
					     "#!/bin/sh\n"};
	const struct kb_fixture *f = kb_fixture();
	kb_autofree uint8_t *other = kb_alloc(f->len, 1);

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		memcpy(other, begins[i], strlen(begins[i]));
		assert_int_equal(kb_fixture_verify(other, f->len), KB_E_DAMAGED);
	}
}

KB_TEST(A20_a_text_that_must_be_there_is_never_guessed)
{
	SIGNED(set(&m->product, ""), KB_E_INVALID);
	SIGNED(set(&m->role, ""), KB_E_INVALID);
	SIGNED(set(&m->version, ""), KB_E_INVALID);
	SIGNED(set(&m->channel, ""), KB_E_INVALID);
	SIGNED(set(&m->arch, ""), KB_E_INVALID);
	SIGNED(set(&m->files[0].path, ""), KB_E_PATH);
	SIGNED(set(&m->images[0].name, ""), KB_E_INVALID);
	SIGNED(set(&m->images[0].reference, ""), KB_E_INVALID);
	SIGNED(set(&m->steps[0].id, ""), KB_E_INVALID);
	SIGNED(set(&m->steps[0].target, ""), KB_E_PATH);
	SIGNED(set(&m->steps[1].source, ""), KB_E_INVALID);
	SIGNED(m->n_chunks = 0, KB_E_INVALID);
}

KB_TEST(D1_D2_D3_D4_paths_that_lead_elsewhere)
{
	static const char *const paths[] = {"../x", "a/../../x", "/etc/x", "..", ".",
					    "./a",  "a/.",       "a//b",   "a/", "/"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		SIGNED(set(&m->files[0].path, paths[i]), KB_E_PATH);
	SIGNED(set(&m->steps[1].target, "/opt/keybuzz/../../etc/x"), KB_E_PATH);
	SIGNED(set(&m->steps[1].target, "/proc/sys/kernel/core_pattern"), KB_E_PATH);
	SIGNED(set(&m->steps[1].target, "/var/lib/keybuzz/rollback/redis"), KB_E_PATH);
}

KB_TEST(D5_D6_names_that_are_too_long_or_not_text)
{
	kb_autofree char *name = kb_alloc(257, 1);

	memset(name, 'x', 256);
	SIGNED(set(&m->files[0].path, name), KB_E_PATH);
	/* no text of a manifest holds these, whatever it is for */
	SIGNED(set(&m->files[0].path, "a\nb"), KB_E_INVALID);
	SIGNED(set(&m->files[0].path, "a\x1b[2J"), KB_E_INVALID);
	SIGNED(set(&m->files[0].path, "a\xff"), KB_E_INVALID);
	SIGNED(set(&m->files[0].path, "e\xcc\x81"), KB_E_PATH);
}

KB_TEST(D12_D14_files_in_the_way_of_each_other)
{
	/* the files of the fixture are roles/redis/a, b, big and servers.tsv */
	SIGNED(set(&m->files[1].path, "roles/redis/a"), KB_E_INVALID);
	SIGNED(set(&m->files[1].path, "roles/redis/a/b"), KB_E_PATH);
	SIGNED(set(&m->files[0].path, "roles/redis/B"), KB_E_PATH);
}

KB_TEST(D15_D16_modes_and_owners)
{
	static const uint16_t modes[] = {04755, 02755, 01755, 07777, 0666, 0777, 0, 0600, 0x8000};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		SIGNED(m->files[0].mode = modes[i], KB_E_PATH);
	SIGNED(m->steps[0].mode = 04755, KB_E_INVALID);
	SIGNED(m->steps[0].mode = 0777, KB_E_INVALID);
	SIGNED(m->steps[0].uid = UINT32_MAX, KB_E_INVALID);
	SIGNED(m->steps[0].gid = UINT32_MAX, KB_E_INVALID);
}

KB_TEST(D19_D30_sizes_that_cannot_be)
{
	SIGNED(m->blobs[0].size = INT64_MAX, KB_E_INVALID);
	SIGNED(m->blobs[0].size = UINT64_MAX, KB_E_INVALID);
	SIGNED(m->blobs[0].size *= 1000, KB_E_INVALID);
	SIGNED(m->blobs[0].size = 0, KB_E_INVALID);
	SIGNED(m->chunks[0].plain = UINT32_MAX, KB_E_INVALID);
	SIGNED(m->chunks[0].stored = UINT32_MAX, KB_E_INVALID);
}

/* Written before anything is made for them, and refused before anything is
 * taken for them. */
static void name_often(struct kb_manifest *m, size_t n)
{
	struct kb_file *files = kb_alloc(m->n_files + n, sizeof(*files));

	memcpy(files, m->files, m->n_files * sizeof(*files));
	for (size_t i = m->n_files; i < m->n_files + n; i++)
		files[i] = (struct kb_file){.path = kb_format("z/%zu", i), .mode = 0644};
	free(m->files);
	m->files = files;
	m->n_files += n;
}

KB_TEST(D33_more_files_than_there_may_be)
{
	SIGNED(name_often(m, KB_FILES_MAX), KB_E_INVALID);
	SIGNED(name_often(m, 30000), KB_E_INVALID);
}
