/* The permission to go back to one older release, signed like a bundle:
 *
 *   keybuzz-downgrade 1
 *   id HEX32                two permissions are never the same
 *   product PRODUCT
 *   role ROLE
 *   host NAME               sorted, each once; none: every host of the role
 *   from EPOCH.COUNTER      the newest release that the host has accepted
 *   to EPOCH.COUNTER
 *   manifest HEX64          the one bundle that may be installed
 *   until YYYY-MM-DD        the last day, in UTC
 *   key HEX64               who signed: the raw public key..
 *   signature HEX64HEX64    ..and Ed25519 (RFC 8032) over
 *                           "DSSEv1 24 keybuzz-run/downgrade/v1 LENGTH " and
 *                           the lines before `key`
 *
 * A text, so that people can read what they permit; one spelling only. The last
 * two lines have fixed lengths, so that nothing is parsed before it is known who
 * wrote it.
 */
#ifndef CORE_DOWNGRADE_H
#define CORE_DOWNGRADE_H

#include "core/day.h"
#include "core/trust.h"

#define KB_DOWNGRADE_MAX       8192 /* bytes of the file */
#define KB_DOWNGRADE_HOSTS_MAX 64
#define KB_DOWNGRADE_PURPOSE   "keybuzz-run/downgrade/v1"
#define KB_DOWNGRADE_ID_LEN    16

struct kb_release_number {
	uint64_t epoch, counter;
};

/* By epoch, then by counter: as strcmp. */
int kb_release_cmp(struct kb_release_number a, struct kb_release_number b);

struct kb_downgrade {
	uint8_t id[KB_DOWNGRADE_ID_LEN];
	const char *product, *role;
	const char *hosts[KB_DOWNGRADE_HOSTS_MAX];
	size_t n_hosts; /* 0: all */
	struct kb_release_number from, to;
	struct kb_digest manifest;
	char until[KB_DAY_LEN + 1];
	char *text; /* what the pointers of a parsed one point into */
};

/* The signed lines. */
void kb_downgrade_write(const struct kb_downgrade *d, struct kb_buf *out);
/* The two lines behind them. */
void kb_downgrade_seal(const struct kb_key *key, const uint8_t signature[KB_SIGNATURE_LEN],
		       struct kb_buf *out);
/* What the signature covers, of the LEN bytes of signed lines. */
void kb_downgrade_covered(const char *lines, size_t len, struct kb_buf *out);

/* The signed lines, once it is known who wrote them: KB_E_INVALID when they are
 * not as kb_downgrade_write writes them. */
int kb_downgrade_parse(const char *lines, size_t len, struct kb_downgrade *ret_downgrade,
		       struct kb_err *err);

/* KB_E_DAMAGED: no such file, or cut short; KB_E_SIGNATURE: a byte is another;
 * KB_E_TRUST: by nobody we trust; KB_E_INVALID: signed, but nothing we know how
 * to read. The caller frees with kb_downgrade_free. */
int kb_downgrade_read(const char *text, size_t len, const struct kb_trust *trust,
		      struct kb_downgrade *ret_downgrade, struct kb_err *err);
void kb_downgrade_free(struct kb_downgrade *d);

#endif
