/* Bundles of this format that are kept in tests/golden, good and refused, each
 * with the code it must give. They are files of long ago: when one of these
 * tests fails, hosts out there would read bundles differently than they did. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/bundle.h"
#include "core/file.h"
#include "core/format.h"

#define GOLDEN "tests/golden/"

static void load_trust(struct kb_trust *trust)
{
	kb_autobuf struct kb_buf pem = KB_BUF_INIT;

	memset(trust, 0, sizeof(*trust));
	assert_int_equal(kb_file_read(GOLDEN "golden.pub", 4096, &pem, NULL), 0);
	assert_int_equal(kb_key_parse(pem.data, pem.len, "golden.pub", &trust->keys[0], NULL), 0);
	trust->n = 1;
}

/* The tail behind a stub of zeros, which takes no room. */
static int with_stub(const char *name)
{
	kb_autofree char *path = kb_format(GOLDEN "%s.tail", name);
	kb_autobuf struct kb_buf tail = KB_BUF_INIT;
	int fd = memfd_create(name, MFD_CLOEXEC);

	assert_int_equal(kb_file_read(path, 1 << 20, &tail, NULL), 0);
	assert_int_equal(pwrite(fd, tail.data, tail.len, KB_STUB_SPAN), tail.len);
	return fd;
}

static int ignore(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	(void)ctx;
	(void)data;
	(void)len;
	(void)err;
	return 0;
}

static int read_content(struct kb_bundle *bundle)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < kb_bundle_manifest(bundle)->n_blobs; i++)
		rc = kb_bundle_stream(bundle, i, ignore, NULL, NULL);
	return rc;
}

static void check_one(const struct kb_trust *trust, const char *name, const char *verify,
		      const char *content, const char *id)
{
	kb_autofree char *seen_content = NULL, *seen_verify = NULL;
	const char *seen_id = "-";
	struct kb_bundle *bundle = NULL;
	struct kb_err err = {.code = 0};
	int rc = kb_bundle_open(with_stub(name), name, trust, &bundle, &err);

	if (rc == 0)
		rc = kb_bundle_verify(bundle, NULL, &err);
	seen_verify = kb_format("%d", -rc);
	seen_content = rc == 0 ? kb_format("%d", -read_content(bundle)) : kb_strdup("-");
	if (rc == 0)
		seen_id = kb_digest_hex(kb_bundle_id(bundle));
	if (strcmp(verify, seen_verify) != 0 || strcmp(content, seen_content) != 0 ||
	    strcmp(id, seen_id) != 0)
		fail_msg("%s: expected %s %s %s, seen %s %s %s: %s", name, verify, content, id,
			 seen_verify, seen_content, seen_id, err.text);
	kb_bundle_close(bundle);
}

KB_TEST(golden_bundles_give_the_codes_they_always_gave)
{
	kb_autobuf struct kb_buf table = KB_BUF_INIT;
	struct kb_trust trust;
	char name[64], verify[8], content[8], id[KB_HEX_LEN + 1];
	size_t seen = 0;

	load_trust(&trust);
	assert_int_equal(kb_file_read(GOLDEN "expect.tsv", 1 << 16, &table, NULL), 0);
	for (char *line = strtok(table.data, "\n"); line; line = strtok(NULL, "\n")) {
		if (*line == '#')
			continue;
		assert_int_equal(sscanf(line, "%63s %7s %7s %64s", name, verify, content, id), 4);
		check_one(&trust, name, verify, content, id);
		seen++;
	}
	assert_true(seen >= 40);
}
