#include "builder/debian_repo.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "builder/run.h"
#include "core/file.h"

enum { CONTROL_MAX = 1 << 20 };

static int add_package(const char *dir, const struct kb_deb *deb, struct kb_store *store,
		       struct kb_buf *index, struct kb_err *err)
{
	const char *hex = kb_digest_hex(&deb->sha256);
	kb_autofree char *name = kb_format("%s_%s.deb", deb->name, deb->arch);
	kb_autofree char *path = kb_format("%s/%s", dir, name);
	kb_autofree char *blob = kb_format("%s/sha256/%.2s/%s", kb_store_dir(store), hex, hex + 2);
	const char *const argv[] = {"dpkg-deb", "--field", blob, NULL};
	const struct kb_run run = {.argv = argv, .out = index, .out_max = index->len + CONTROL_MAX};
	int rc;

	if (!kb_store_has(store, &deb->sha256, NULL))
		return kb_err_set(err, KB_E_MISSING,
				  "%s %s is not in the store; run: "
				  "keybuzz-bundle fetch",
				  deb->name, deb->version);
	rc = kb_run(&run, NULL, err);
	if (rc < 0)
		return kb_err_wrap(err, "%s %s", deb->name, deb->version);
	while (index->len && index->data[index->len - 1] == '\n')
		index->len--;
	kb_buf_printf(index, "\nFilename: ./%s\nSize: %" PRIu64 "\nSHA256: %s\n\n", name, deb->size,
		      kb_digest_hex(&deb->sha256));
	if (symlink(blob, path) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	return 0;
}

/* mmdebstrap looks for the essential packages of a release by its name. */
static int write_release(const char *dir, const char *suite, const struct kb_buf *index,
			 struct kb_err *err)
{
	kb_autofree char *path = kb_format("%s/Release", dir);
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_digest digest;

	kb_digest_of(index->data, index->len, &digest);
	kb_buf_printf(&text,
		      "Suite: %s\nCodename: %s\nDate: Wed, 01 Jan 2025 00:00:00 UTC\n"
		      "SHA256:\n %s %zu Packages\n",
		      suite, suite, kb_digest_hex(&digest), index->len);
	return kb_file_replace(path, text.data, text.len, 0644, err);
}

int kb_debian_repo_make(const char *dir, const char *suite, const struct kb_debs *debs,
			struct kb_store *store, struct kb_err *err)
{
	kb_autofree char *path = kb_format("%s/Packages", dir);
	kb_autobuf struct kb_buf index = KB_BUF_INIT;
	int rc;

	for (size_t i = 0; i < debs->n; i++) {
		rc = add_package(dir, &debs->v[i], store, &index, err);
		if (rc < 0)
			return rc;
	}
	rc = kb_file_replace(path, index.data, index.len, 0644, err);
	return rc < 0 ? rc : write_release(dir, suite, &index, err);
}
