/* Make the golden bundle and its refused siblings: build/golden tests/golden.
 *
 * What is kept is NAME.tail, everything behind the stub; in front of it belong
 * KB_STUB_SPAN zeros. The key is for tests only: its seed is the SHA-256 of
 * golden.test-seed, so it is no secret and always the same.
 *
 * A file that is there and would change is refused: bundles of this format
 * exist out there, and so the files are never silently made anew. A change of
 * the format raises KB_FORMAT, and then the old files are removed by hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "tests/golden/making.h"

static void must(int rc, const struct kb_err *err)
{
	if (rc < 0) {
		fprintf(stderr, "golden: %s\n", err->text);
		exit(1);
	}
}

/* New, the same, or refused. */
static int keep(const char *dir, const char *name, const void *bytes, size_t len)
{
	kb_autofree char *path = kb_format("%s/%s", dir, name);
	kb_autobuf struct kb_buf old = KB_BUF_INIT;
	struct kb_err err;

	if (access(path, F_OK) < 0) {
		must(kb_file_replace(path, bytes, len, 0644, &err), &err);
		printf("golden: %s: made\n", path);
		return 0;
	}
	must(kb_file_read(path, 1 << 20, &old, &err), &err);
	if (old.len == len && memcmp(old.data, bytes, len) == 0)
		return 0;
	fprintf(stderr,
		"golden: %s would change: has the format changed? Then raise KB_FORMAT, say so in "
		"docs/format.md, and remove the old files by hand\n",
		path);
	return 1;
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : "tests/golden";
	kb_autofree char *seed_path = kb_format("%s/golden.test-seed", dir);
	kb_autobuf struct kb_buf seed = KB_BUF_INIT;
	struct signer first, second;
	char pem[KB_KEY_PEM_LEN + 1];
	struct kb_err err;
	int status;

	must(kb_file_read(seed_path, 4096, &seed, &err), &err);
	make_signer(&seed, "", &first);
	make_signer(&seed, "second", &second);
	kb_key_pem(&first.public, pem);
	status = keep(dir, "golden.pub", pem, KB_KEY_PEM_LEN);
	for (size_t i = 0; i < n_siblings; i++) {
		kb_autofree char *name = kb_format("%s.tail", siblings[i].name);
		struct making k = {.signer = &first, .second = &second};

		make_bundle(&siblings[i], &k);
		status |= keep(dir, name, k.tail.data, k.tail.len);
		forget_bundle(&k);
	}
	free_signer(&first);
	free_signer(&second);
	if (status == 0)
		printf("golden: %zu bundles as they are kept\n", n_siblings);
	return status;
}
