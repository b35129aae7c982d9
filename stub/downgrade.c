#include "stub/downgrade.h"

#include <string.h>

#include "core/day.h"
#include "core/file.h"
#include "stub/trustcheck.h"

static bool names(const struct kb_downgrade *d, const char *host)
{
	if (d->n_hosts == 0)
		return true;
	for (size_t i = 0; host && i < d->n_hosts; i++)
		if (strcmp(d->hosts[i], host) == 0)
			return true;
	return false;
}

static int check_target(const struct kb_downgrade *d, const struct kb_manifest *m, const char *host,
			struct kb_err *err)
{
	if (strcmp(d->product, m->product) != 0 || strcmp(d->role, m->role) != 0)
		return kb_err_set(err, KB_E_TARGET, "permits %s of %s, the bundle is %s of %s",
				  d->role, d->product, m->role, m->product);
	if (!names(d, host))
		return kb_err_set(err, KB_E_TARGET, "does not name this host, %s",
				  host ? host : "which is not in the inventory");
	return 0;
}

static int check_releases(const struct kb_downgrade *d, const struct kb_digest *id,
			  const struct kb_floor *floor, struct kb_err *err)
{
	if (kb_release_cmp(d->from, floor->number) != 0)
		return kb_err_set(err, KB_E_ROLLBACK,
				  "leads back from release %llu.%llu, this host accepted %llu.%llu",
				  (unsigned long long)d->from.epoch,
				  (unsigned long long)d->from.counter,
				  (unsigned long long)floor->number.epoch,
				  (unsigned long long)floor->number.counter);
	if (!kb_digest_eq(&d->manifest, id))
		return kb_err_set(err, KB_E_ROLLBACK,
				  "permits the bundle %.16s (release %llu.%llu), this one is %.16s",
				  kb_digest_hex(&d->manifest), (unsigned long long)d->to.epoch,
				  (unsigned long long)d->to.counter, kb_digest_hex(id));
	return 0;
}

static int check_unused(const struct kb_downgrade *d, const struct kb_floor *floor,
			struct kb_err *err)
{
	for (size_t i = 0; i < floor->n_used; i++)
		if (memcmp(floor->used[i], d->id, sizeof(d->id)) == 0)
			return kb_err_set(err, KB_E_ROLLBACK,
					  "was used on this host before; have another one signed");
	if (floor->n_used == KB_ROLLBACK_USED_MAX)
		return kb_err_set(err, KB_E_ROLLBACK,
				  "this host went back from release %llu.%llu %d times; only a "
				  "newer release is accepted now",
				  (unsigned long long)floor->number.epoch,
				  (unsigned long long)floor->number.counter, KB_ROLLBACK_USED_MAX);
	return 0;
}

/* Days are compared as texts; a clock that is behind signed dates is not believed. */
static int check_day(const struct kb_downgrade *d, const struct kb_floor *floor, uint64_t now,
		     struct kb_err *err)
{
	char today[32];

	kb_day_format(now > floor->date ? now : floor->date, today);
	if (strcmp(today, d->until) <= 0)
		return 0;
	return kb_err_set(err, KB_E_EXPIRED, "was valid until %s, it is %s", d->until, today);
}

int kb_downgrade_permit(const struct kb_downgrade *d, const struct kb_manifest *m,
			const struct kb_digest *id, const char *host, uint64_t now,
			struct kb_floor *floor, struct kb_err *err)
{
	int rc;

	if ((rc = check_target(d, m, host, err)) < 0 ||
	    (rc = check_releases(d, id, floor, err)) < 0 ||
	    (rc = check_unused(d, floor, err)) < 0 || (rc = check_day(d, floor, now, err)) < 0)
		return rc;
	memcpy(floor->used[floor->n_used++], d->id, sizeof(d->id));
	floor->back = true;
	floor->older = *id;
	return 0;
}

static int read_permission(const struct kb_run *run, struct kb_downgrade *ret_downgrade,
			   struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_trust trust;
	int rc;

	if ((rc = kb_trustcheck_load(run, &trust, err)) < 0 ||
	    (rc = kb_file_read(run->downgrade, KB_DOWNGRADE_MAX, &text, err)) < 0)
		return rc;
	return kb_downgrade_read(text.data ? text.data : "", text.len, &trust, ret_downgrade, err);
}

int kb_downgrade_take(const struct kb_run *run, const struct kb_manifest *m,
		      const struct kb_digest *id, const char *host, uint64_t now,
		      struct kb_floor *floor, struct kb_err *err)
{
	struct kb_downgrade d;
	int rc = read_permission(run, &d, err);

	if (rc < 0)
		return kb_err_wrap(err, "%s", run->downgrade);
	rc = kb_downgrade_permit(&d, m, id, host, now, floor, err);
	kb_downgrade_free(&d);
	return rc < 0 ? kb_err_wrap(err, "%s", run->downgrade) : 0;
}
