/* What happened to this role on this host: append-only, one record per event,
 * each durable before the next thing is done. The plan asks it what a script
 * or a service last ran with; everything else is compared with the host.
 *
 *   journal = *record
 *   record  = seq[8] state[4] zero[4] boot[16] time[8] step[16] input[32] release[8] chain[32]
 *
 * Integers are little-endian; seq counts from 1. boot is the kernel's boot id,
 * step the first bytes of the SHA-256 of the step's id, release those of the
 * manifest's. chain is the SHA-256 of the chain before it and of the 96 bytes
 * before itself; the first one follows from the role's name, so a journal of
 * another role does not fit. A cut during the last append leaves a record that
 * is short or does not fit: it never happened, and the next append overwrites
 * it. Anything else that does not fit is damage (KB_E_STATE).
 */
#ifndef STUB_JOURNAL_H
#define STUB_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/digest.h"
#include "core/err.h"

#define KB_RECORD_LEN  128
#define KB_RECORDS_MAX (1u << 19) /* 64 MiB */
#define KB_BOOT_LEN    16

enum kb_record_state {
	KB_RECORD_BEGIN = 1,
	KB_RECORD_DONE = 2,
	KB_RECORD_FAIL = 3,
	KB_RECORD_PENDING = 4,
	KB_RECORD_COMMIT = 5, /* the whole install is done; input is the manifest's id */
};

struct kb_record {
	uint64_t seq;
	uint32_t state;
	uint8_t boot[KB_BOOT_LEN];
	int64_t time; /* seconds since 1970 */
	uint8_t step[16];
	struct kb_digest input;
	uint8_t release[8];
};

/* The pure parts, over a buffer (journal_read.c). */

struct kb_records {
	struct kb_record *at;
	size_t n;
	struct kb_digest chain; /* after the last good record */
};
/* The torn end is left out: LEN - n * KB_RECORD_LEN bytes. Free ->at. */
int kb_records_parse(const uint8_t *bytes, size_t len, const char *role,
		     struct kb_records *ret_records, struct kb_err *err);
/* Encode RECORD behind CHAIN, which becomes the new one. */
void kb_record_write(const struct kb_record *record, struct kb_digest *chain,
		     uint8_t ret_bytes[KB_RECORD_LEN]);
void kb_records_begin(const char *role, struct kb_digest *ret_chain);

/* The journal of a role in its state folder. */
struct kb_journal;

/* DIRFD may be -1: no folder yet, so an empty journal that cannot grow.
 * Nothing is created or changed before the first append. */
int kb_journal_open(int dirfd, const char *role, const uint8_t boot[KB_BOOT_LEN],
		    struct kb_journal **ret_journal, struct kb_err *err);
/* Now there is a folder. */
int kb_journal_attach(struct kb_journal *j, int dirfd, struct kb_err *err);
void kb_journal_close(struct kb_journal *j);

/* Durable when it returns 0. After a failure nothing more can be appended: what
 * stands at the end is not known. STEP may be NULL (COMMIT). */
int kb_journal_append(struct kb_journal *j, enum kb_record_state state, const char *step,
		      const struct kb_digest *input, const struct kb_digest *release,
		      struct kb_err *err);

size_t kb_journal_count(const struct kb_journal *j);

/* The last record of a step, of any state or of one; NULL when there is none. */
const struct kb_record *kb_journal_last(const struct kb_journal *j, const char *step);
const struct kb_record *kb_journal_last_of(const struct kb_journal *j, const char *step,
					   enum kb_record_state state);

/* The last record is the COMMIT of RELEASE. */
bool kb_journal_is_committed(const struct kb_journal *j, const struct kb_digest *release);

/* Was STEP (NULL: any) begun or done since the last COMMIT and before the last
 * boot? Then what it says may not have reached the disk. */
bool kb_journal_is_doubtful(const struct kb_journal *j, const char *step);

/* The kernel's boot id, as bytes. */
int kb_boot_id_read(uint8_t ret_boot[KB_BOOT_LEN], struct kb_err *err);

#endif
