#include "stub/trustcheck.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/header.h"
#include "core/path.h"
#include "core/words.h"
#include "stub/paths.h"

int kb_trustcheck_load(const struct kb_run *run, struct kb_trust *ret_trust, struct kb_err *err)
{
	int rc = kb_trust_load(run->trust_dir, ret_trust, err);

	if (rc < 0)
		return rc;
	ret_trust->by_fingerprint = run->by_fingerprint;
	ret_trust->fingerprint = run->fingerprint;
	return 0;
}

static int read_header(const struct kb_run *run, struct kb_header *ret_header)
{
	kb_autoclose int fd = open(run->self ? KB_PATH_SELF : run->file,
				   O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	uint8_t bytes[KB_HEADER_LEN];

	if (fd < 0 || kb_pread_full(fd, bytes, sizeof(bytes), KB_STUB_SPAN, NULL) < 0)
		return KB_E_IO;
	return kb_header_read(bytes, ret_header, NULL);
}

static void print_keys(const struct kb_header *header)
{
	for (size_t i = 0; i < header->n_slots; i++) {
		struct kb_digest fingerprint;
		char words[KB_WORDS_LEN];

		kb_key_fingerprint(&header->slots[i].key, &fingerprint);
		kb_words_format(fingerprint.b, words);
		fprintf(stderr, "\n  %s\n  in words: %s\n", kb_digest_hex(&fingerprint), words);
	}
}

/* The file itself cannot say whether it is genuine; the fingerprint it shows
 * is a claim to compare, not a proof. */
void kb_trustcheck_explain(const struct kb_run *run, const struct kb_trust *trust)
{
	struct kb_header header;
	char shown[1024];

	if (trust->n || run->by_fingerprint || read_header(run, &header) < 0)
		return;
	kb_escape(shown, sizeof(shown), run->file, strlen(run->file));
	fprintf(stderr,
		"This host has no trust anchor in %s yet, so this program cannot know who made\n"
		"the bundle. Check it once by hand, with the host's own tools, in the folder of\n"
		"the release:\n\n"
		"  sha256sum release.pub          # compare with the fingerprint you were given\n"
		"  openssl pkeyutl -verify -pubin -inkey release.pub -rawin -in SHA256SUMS "
		"-sigfile SHA256SUMS.ed25519\n"
		"  sha256sum -c --ignore-missing SHA256SUMS\n\n"
		"The bundle says it was signed by the key with this fingerprint:\n",
		trust->where);
	print_keys(&header);
	fprintf(stderr,
		"\nOnly if it equals the one you received by another way (on paper, by\n"
		"telephone), go on with it; a successful install then keeps the key:\n\n"
		"  %s --trust-fingerprint HEX\n\n",
		shown);
}

static bool is_anchor(const struct kb_run *run, const struct kb_key *key)
{
	struct kb_trust trust;

	return kb_trust_load(run->trust_dir, &trust, NULL) == 0 && kb_trust_has(&trust, key);
}

int kb_trust_pin(struct kb_run *run, const struct kb_bundle *bundle, struct kb_err *err)
{
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	const struct kb_key *key = kb_bundle_signer(bundle);
	kb_autofree char *name = NULL;
	kb_autoclose int dirfd = -1;
	char pem[KB_KEY_PEM_LEN + 1];
	struct kb_digest fingerprint;
	int rc;

	kb_key_fingerprint(key, &fingerprint);
	if (!run->by_fingerprint || !kb_digest_eq(&fingerprint, &run->fingerprint) ||
	    is_anchor(run, key))
		return 0;
	kb_key_pem(key, pem);
	name = kb_format("%.16s.pub", kb_digest_hex(&fingerprint));
	if ((rc = kb_path_make_dir(run->rootfd, run->trust_dir, 0755, NULL, &dirfd, err)) < 0 ||
	    (rc = kb_newfile_open_at(&nf, dirfd, name, 0644, err)) < 0 ||
	    (rc = kb_write_full(nf.fd, pem, strlen(pem), err)) < 0 ||
	    (rc = kb_newfile_commit(&nf, (uid_t)-1, (gid_t)-1, err)) < 0)
		return kb_err_wrap(err, "keep the key as a trust anchor");
	kb_report_say(&run->report, "the key is a trust anchor now: %s/%s", run->trust_dir, name);
	return 0;
}
