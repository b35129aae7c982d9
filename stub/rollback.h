/* What this host accepted before, so that an older release, another channel or
 * an expired one is not accepted again: (epoch, counter) per role, and for the
 * host its channel and the latest signed date it has seen.
 *
 * Raised only after a bundle was verified to its last byte, and before the
 * first change it makes. Clocks never move it, only signed dates do: a clock
 * that was wrong once would lock out every release after it.
 */
#ifndef STUB_ROLLBACK_H
#define STUB_ROLLBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/digest.h"
#include "core/err.h"
#include "core/manifest.h"
#include "stub/statedir.h"

/* A counter may not jump further without a new epoch, or whoever stole a
 * release key could use up all the numbers there are. */
#define KB_ROLLBACK_JUMP_MAX (1u << 20)

struct kb_floor {
	bool known; /* the role was installed before */
	uint64_t epoch, counter;
	struct kb_digest manifest;
	char channel[64]; /* "" when the host has none yet */
	uint64_t date;    /* seconds since 1970 */
};

/* KB_E_STATE when a record is damaged. */
int kb_floor_read(const struct kb_statedir *dir, const char *role, struct kb_floor *ret_floor,
		  struct kb_err *err);

/* The parts of the decision, each with its own code: KB_E_ROLLBACK,
 * KB_E_TARGET, KB_E_EXPIRED. NOW was read once. */
int kb_floor_check_release(const struct kb_floor *floor, const struct kb_manifest *m,
			   const struct kb_digest *id, struct kb_err *err);
int kb_floor_check_channel(const struct kb_floor *floor, const struct kb_manifest *m,
			   struct kb_err *err);
int kb_floor_check_time(const struct kb_floor *floor, const struct kb_manifest *m, uint64_t now,
			struct kb_err *err);

/* Writes nothing that is already so. */
int kb_floor_raise(const struct kb_statedir *dir, const struct kb_floor *floor,
		   const struct kb_manifest *m, const struct kb_digest *id, struct kb_err *err);

/* "2026-11-23" of seconds since 1970. */
void kb_date_format(uint64_t seconds, char out[32]);
/* "2026-11-23T04:05:06Z". */
void kb_time_format(int64_t seconds, char out[32]);

#endif
