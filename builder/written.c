#include "builder/written.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"

#define PURPOSE   "keybuzz-bundle/written/v1"
#define HEAD      "head "
#define WHOLE     "whole "
#define SIGNATURE "signature "

enum {
	HEAD_LEN = sizeof(HEAD) + KB_HEX_LEN,
	SAID_LEN = HEAD_LEN + sizeof(WHOLE) + KB_HEX_LEN,
	SEAL_LEN = sizeof(SIGNATURE) + 2 * KB_SIGNATURE_LEN,
};

static void key_of(const char *path, struct kb_digest *ret_key)
{
	kb_autofree char *text = kb_format("written %s", path);

	kb_digest_of(text, strlen(text), ret_key);
}

/* The first lines of the record of a file. They are never read: what is found
 * begins with those that are expected or is of no use. */
static void describe(const char *path, const struct stat *st, struct kb_buf *out)
{
	kb_buf_printf(out, "keybuzz-written 1\npath %s\nfile %ju %ju %jd %jd.%09ld %jd.%09ld\n",
		      path, (uintmax_t)st->st_dev, (uintmax_t)st->st_ino, (intmax_t)st->st_size,
		      (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
		      (intmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

static bool is_signed(const char *record, size_t len, const struct kb_key *by)
{
	kb_autobuf struct kb_buf covered = KB_BUF_INIT;
	uint8_t signature[KB_SIGNATURE_LEN];

	if (!kb_hex_line(record + len, SIGNATURE, signature, KB_SIGNATURE_LEN))
		return false;
	kb_pae(PURPOSE, record, len, &covered);
	return kb_key_verify(by, covered.data, covered.len, signature, NULL) == 0;
}

bool kb_written_find(struct kb_store *store, const struct kb_key *by, const char *path,
		     struct kb_written *ret_written)
{
	kb_autobuf struct kb_buf wanted = KB_BUF_INIT, record = KB_BUF_INIT;
	kb_autofree char *real = realpath(path, NULL);
	struct kb_digest key;
	struct stat st;
	const char *said;

	if (!real || lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	key_of(real, &key);
	describe(real, &st, &wanted);
	if (kb_store_derived_get(store, &key, &record, NULL) < 0 ||
	    record.len != wanted.len + SAID_LEN + SEAL_LEN ||
	    memcmp(record.data, wanted.data, wanted.len) != 0 ||
	    !is_signed(record.data, wanted.len + SAID_LEN, by))
		return false;
	said = record.data + wanted.len;
	return kb_hex_line(said, HEAD, ret_written->head.b, KB_DIGEST_LEN) &&
	       kb_hex_line(said + HEAD_LEN, WHOLE, ret_written->whole.b, KB_DIGEST_LEN);
}

int kb_written_keep(struct kb_store *store, const struct kb_secret_key *by, const char *path,
		    int fd, const struct kb_written *written, struct kb_err *err)
{
	kb_autobuf struct kb_buf record = KB_BUF_INIT, covered = KB_BUF_INIT;
	kb_autofree char *real = realpath(path, NULL);
	char hex[2 * KB_SIGNATURE_LEN + 1];
	uint8_t signature[KB_SIGNATURE_LEN];
	struct kb_digest key;
	struct stat st;
	int rc;

	if (!real || fstat(fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	key_of(real, &key);
	describe(real, &st, &record);
	kb_buf_printf(&record, HEAD "%s\n", kb_digest_hex(&written->head));
	kb_buf_printf(&record, WHOLE "%s\n", kb_digest_hex(&written->whole));
	kb_pae(PURPOSE, record.data, record.len, &covered);
	rc = kb_secret_key_sign(by, covered.data, covered.len, signature, err);
	if (rc < 0)
		return rc;
	kb_hex(signature, sizeof(signature), hex);
	kb_buf_printf(&record, SIGNATURE "%s\n", hex);
	return kb_store_derived_put(store, &key, record.data, record.len, err);
}

int kb_written_digest(struct kb_store *store, const struct kb_key *by, const char *path,
		      struct kb_digest *ret_digest, struct kb_err *err)
{
	struct kb_written written;
	kb_autoclose int fd = -1;

	if (kb_written_find(store, by, path, &written)) {
		*ret_digest = written.whole;
		return 0;
	}
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	if (kb_digest_of_fd(fd, ret_digest, NULL, err) < 0)
		return kb_err_wrap(err, "%s", path);
	return 0;
}
