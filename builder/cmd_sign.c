#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/cmd.h"
#include "builder/open.h"
#include "builder/secret_key.h"
#include "core/header.h"

static int by_key(const void *a, const void *b)
{
	return memcmp(((const struct kb_slot *)a)->key.b, ((const struct kb_slot *)b)->key.b,
		      KB_KEY_LEN);
}

/* Slots are sorted by key: the file does not tell who signed first, and two
 * signers get the same bytes in either order. */
static int add_signature(const uint8_t *signed_part, size_t len, const struct kb_secret_key *key,
			 uint8_t header_bytes[KB_HEADER_LEN], struct kb_err *err)
{
	kb_autobuf struct kb_buf covered = KB_BUF_INIT;
	struct kb_header header;
	struct kb_slot *slot;
	int rc = kb_header_read(signed_part, &header, err);

	if (rc < 0)
		return rc;
	if (header.n_slots == KB_SLOTS)
		return kb_err_set(err, KB_E_INVALID, "all %d signature slots are taken", KB_SLOTS);
	slot = &header.slots[header.n_slots];
	kb_secret_key_public(key, &slot->key);
	for (size_t i = 0; i < header.n_slots; i++)
		if (kb_key_eq(&header.slots[i].key, &slot->key))
			return kb_err_set(err, KB_E_INVALID, "this key has signed it already");
	header.n_slots++;
	kb_pae(KB_PURPOSE, signed_part + KB_HEADER_LEN, len - KB_HEADER_LEN, &covered);
	rc = kb_secret_key_sign(key, covered.data, covered.len, slot->signature, err);
	qsort(header.slots, header.n_slots, sizeof(header.slots[0]), by_key);
	kb_header_write(&header, header_bytes);
	return rc;
}

static int write_header(const char *path, const uint8_t header[KB_HEADER_LEN], struct kb_err *err)
{
	kb_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	/* one page at a page boundary: the header is never seen in halves */
	if (pwrite(fd, header, KB_HEADER_LEN, KB_STUB_SPAN) != (ssize_t)KB_HEADER_LEN ||
	    fsync(fd) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	return 0;
}

static int sign(const struct kb_builder *b, struct kb_bundle *bundle, const char *key_path,
		const char *path, struct kb_err *err)
{
	struct kb_meter *meter = kb_meter_new(b->quiet, b->json);
	struct kb_secret_key *key = NULL;
	struct kb_progress progress;
	uint8_t header[KB_HEADER_LEN];
	const uint8_t *part;
	size_t len;
	int rc = kb_secret_key_load(key_path, &key, err);

	kb_meter_progress(meter, &progress);
	kb_bundle_signed_part(bundle, &part, &len);
	if (rc == 0)
		rc = kb_bundle_verify(bundle, &progress, err);
	if (rc == 0)
		rc = add_signature(part, len, key, header, err);
	if (rc == 0)
		rc = write_header(path, header, err);
	kb_secret_key_free(key);
	kb_meter_free(meter);
	return rc < 0 ? kb_err_wrap(err, "%s", path) : 0;
}

static int run(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	const char *key_path = kb_args_option(args, "key", 0, NULL);
	struct kb_bundle *bundle = NULL;
	const char *path = "";
	int rc;

	rc = kb_open_bundle(args, &bundle, err);
	if (rc == 0 && !key_path)
		rc = kb_err_set(err, KB_E_USAGE, "sign: --key FILE is needed");
	if (bundle)
		path = kb_bundle_name(bundle);
	if (rc == 0)
		rc = sign(b, bundle, key_path, path, err);
	if (rc == 0 && !b->json)
		printf("%s: signed\n", path);
	kb_bundle_close(bundle);
	return rc;
}

const struct kb_cmd cmd_sign = {
	.name = "sign",
	.summary = "add a second signer's signature to a finished bundle",
	.usage = "sign X.run --key FILE [--trust-dir DIR | --trust-fingerprint HEX]",
	.help = "Verifies every byte first, under the first signer's key, which must be trusted\n"
		"as for verify. Sign what you rebuilt yourself and found identical. SHA256SUMS of\n"
		"the folder no longer fits afterwards: `build` writes it.\n"
		"\nExample:\n  keybuzz-bundle sign keybuzz-redis.run --key second.key --trust-dir "
		"trust\n",
	.run = run,
};
