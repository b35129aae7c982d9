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
#include "core/downgrade.h"
#include "core/err.h"
#include "core/manifest.h"
#include "stub/statedir.h"

/* A counter may not jump further without a new epoch, or whoever stole a
 * release key could use up all the numbers there are. */
#define KB_ROLLBACK_JUMP_MAX (1u << 20)

/* Permissions that one release may be left with; the next release forgets them. */
#define KB_ROLLBACK_USED_MAX 16

struct kb_floor {
	bool known; /* the role was installed before */
	struct kb_release_number number;
	struct kb_digest manifest;
	/* One older release is welcome all the same: by a permission
	 * (core/downgrade.h), or because the upgrade away from it failed. */
	bool back;
	struct kb_digest older;
	uint8_t used[KB_ROLLBACK_USED_MAX][KB_DOWNGRADE_ID_LEN]; /* permissions */
	size_t n_used;
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

/* An upgrade to what is accepted now failed: OLDER, which runs again, may be
 * installed again. Nothing when OLDER is what is accepted. */
int kb_floor_stay(const struct kb_statedir *dir, const char *role, const struct kb_digest *older,
		  struct kb_err *err);

/* Never lowers it: who goes back keeps the number. Writes nothing that is
 * already so. */
int kb_floor_raise(const struct kb_statedir *dir, const struct kb_floor *floor,
		   const struct kb_manifest *m, const struct kb_digest *id, struct kb_err *err);

#endif
