#include "stub/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/path.h"
#include "stub/paths.h"

struct kb_journal {
	int dirfd; /* -1: cannot grow */
	int fd;    /* open for writing after the first append */
	bool broken;
	uint8_t boot[KB_BOOT_LEN];
	struct kb_records records;
	size_t cap;
};

static void step_name(const char *step, uint8_t ret_name[16])
{
	struct kb_digest digest;

	memset(ret_name, 0, 16);
	if (!step)
		return;
	kb_digest_of(step, strlen(step), &digest);
	memcpy(ret_name, digest.b, 16);
}

/* Appends to BUF what the file holds; nothing when there is none. */
static int read_file(int dirfd, struct kb_buf *buf, struct kb_err *err)
{
	kb_autoclose int fd = -1;
	struct kb_err found;
	struct stat st;
	int rc = kb_path_open_file(dirfd, KB_NAME_JOURNAL, &fd, &st, &found);

	if (rc == KB_E_MISSING)
		return 0;
	if (rc < 0)
		return kb_err_set(err, rc, "%s", found.text);
	if (st.st_size > (off_t)KB_RECORDS_MAX * KB_RECORD_LEN)
		return kb_err_set(err, KB_E_STATE, "journal: %lld bytes", (long long)st.st_size);
	kb_buf_reserve(buf, (size_t)st.st_size);
	rc = kb_pread_full(fd, buf->data, (size_t)st.st_size, 0, err);
	if (rc == 0)
		buf->len = (size_t)st.st_size;
	return rc;
}

int kb_journal_open(int dirfd, const char *role, const uint8_t boot[KB_BOOT_LEN],
		    struct kb_journal **ret_journal, struct kb_err *err)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	struct kb_journal *j;
	struct kb_records records = {.n = 0};
	int rc = dirfd < 0 ? 0 : read_file(dirfd, &bytes, err);

	if (rc == 0)
		rc = kb_records_parse((const uint8_t *)bytes.data, bytes.len, role, &records, err);
	if (rc < 0)
		return rc;
	j = kb_alloc(1, sizeof(*j));
	j->records = records;
	j->cap = records.n;
	j->fd = -1;
	j->dirfd = dirfd < 0 ? -1 : fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	memcpy(j->boot, boot, KB_BOOT_LEN);
	*ret_journal = j;
	return 0;
}

int kb_journal_attach(struct kb_journal *j, int dirfd, struct kb_err *err)
{
	if (j->dirfd >= 0)
		return 0;
	j->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	return j->dirfd < 0 ? kb_err_errno(err, KB_E_IO, "journal") : 0;
}

void kb_journal_close(struct kb_journal *j)
{
	if (!j)
		return;
	kb_cleanup_close(&j->fd);
	kb_cleanup_close(&j->dirfd);
	free(j->records.at);
	free(j);
}

/* O_DSYNC: a record, and the length that makes it count, are on the disk when
 * the write returns. */
static int open_to_grow(struct kb_journal *j, struct kb_err *err)
{
	off_t good = (off_t)(j->records.n * KB_RECORD_LEN);

	if (j->dirfd < 0)
		return kb_err_set(err, KB_E_INTERNAL, "journal: opened for reading only");
	j->fd = openat(j->dirfd, KB_NAME_JOURNAL,
		       O_WRONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_DSYNC | O_CLOEXEC, 0600);
	if (j->fd < 0)
		return kb_err_errno(err, KB_E_IO, "journal");
	if (ftruncate(j->fd, good) < 0 || lseek(j->fd, good, SEEK_SET) < 0)
		return kb_err_errno(err, KB_E_IO, "journal: drop a torn record");
	if (fsync(j->fd) < 0 || fsync(j->dirfd) < 0)
		return kb_err_errno(err, KB_E_IO, "journal: sync");
	return 0;
}

/* A script may have removed or emptied it meanwhile. What is appended after that
 * is not read again, and a success without a journal is none. */
static int check_whole(const struct kb_journal *j, struct kb_err *err)
{
	off_t good = (off_t)(j->records.n * KB_RECORD_LEN);
	struct stat st;

	if (fstat(j->fd, &st) < 0)
		return kb_err_errno(err, KB_E_IO, "journal");
	if (st.st_nlink == 0 || st.st_size != good)
		return kb_err_set(err, KB_E_STATE,
				  "journal: %s while this run was at work, by a script of the role "
				  "or somebody else; install again",
				  st.st_nlink == 0 ? "removed" : "changed");
	return 0;
}

static int write_record(struct kb_journal *j, const struct kb_record *record, struct kb_err *err)
{
	struct kb_digest chain = j->records.chain;
	uint8_t bytes[KB_RECORD_LEN];
	int rc = j->fd < 0 ? open_to_grow(j, err) : check_whole(j, err);

	kb_record_write(record, &chain, bytes);
	if (rc == 0 && (rc = kb_write_full(j->fd, bytes, sizeof(bytes), err)) < 0)
		kb_err_wrap(err, "journal");
	if (rc == 0)
		j->records.chain = chain;
	return rc;
}

int kb_journal_append(struct kb_journal *j, enum kb_record_state state, const char *step,
		      const struct kb_digest *input, const struct kb_digest *release,
		      struct kb_err *err)
{
	struct kb_record record = {
		.seq = j->records.n + 1, .state = state, .time = (int64_t)time(NULL)};
	int rc;

	if (j->broken)
		return kb_err_set(err, KB_E_IO, "journal: not written after an earlier failure");
	if (j->records.n == KB_RECORDS_MAX)
		return kb_err_set(err, KB_E_STATE, "journal: full after %u records",
				  KB_RECORDS_MAX);
	memcpy(record.boot, j->boot, KB_BOOT_LEN);
	step_name(step, record.step);
	record.input = *input;
	memcpy(record.release, release->b, sizeof(record.release));
	if ((rc = write_record(j, &record, err)) < 0) {
		j->broken = true;
		return rc;
	}
	j->records.at = kb_grow(j->records.at, j->records.n, &j->cap, sizeof(record));
	j->records.at[j->records.n++] = record;
	return 0;
}

size_t kb_journal_count(const struct kb_journal *j)
{
	return j->records.n;
}

static const struct kb_record *find(const struct kb_journal *j, const char *step, uint32_t state)
{
	uint8_t name[16];

	step_name(step, name);
	for (size_t i = j->records.n; i > 0; i--) {
		const struct kb_record *r = &j->records.at[i - 1];

		if (memcmp(r->step, name, sizeof(name)) == 0 && (!state || r->state == state))
			return r;
	}
	return NULL;
}

const struct kb_record *kb_journal_last(const struct kb_journal *j, const char *step)
{
	return find(j, step, 0);
}

const struct kb_record *kb_journal_last_of(const struct kb_journal *j, const char *step,
					   enum kb_record_state state)
{
	return find(j, step, state);
}

bool kb_journal_is_committed(const struct kb_journal *j, const struct kb_digest *release)
{
	const struct kb_record *last = j->records.n ? &j->records.at[j->records.n - 1] : NULL;

	return last && last->state == KB_RECORD_COMMIT && kb_digest_eq(&last->input, release);
}

bool kb_journal_is_doubtful(const struct kb_journal *j, const char *step)
{
	uint8_t name[16];

	step_name(step, name);
	for (size_t i = j->records.n; i > 0; i--) {
		const struct kb_record *r = &j->records.at[i - 1];

		if (r->state == KB_RECORD_COMMIT)
			return false;
		if ((!step || memcmp(r->step, name, sizeof(name)) == 0) &&
		    memcmp(r->boot, j->boot, KB_BOOT_LEN) != 0)
			return true;
	}
	return false;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int kb_boot_id_read(uint8_t ret_boot[KB_BOOT_LEN], struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	size_t n = 0;
	int rc = kb_file_read(KB_PATH_BOOT_ID, 256, &text, err);

	if (rc < 0)
		return kb_err_wrap(err, "boot id");
	for (size_t i = 0; i + 1 < text.len && n < KB_BOOT_LEN; i++) {
		int hi = hex_digit(text.data[i]), lo = hex_digit(text.data[i + 1]);

		if (hi < 0 || lo < 0)
			continue;
		ret_boot[n++] = (uint8_t)(hi << 4 | lo);
		i++;
	}
	return n == KB_BOOT_LEN ? 0 : kb_err_set(err, KB_E_ENVIRONMENT, "boot id: not understood");
}
