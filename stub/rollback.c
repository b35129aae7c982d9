#include "stub/rollback.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "stub/keyfile.h"
#include "stub/paths.h"

static int read_role(int dirfd, const char *role, struct kb_floor *floor, struct kb_err *err)
{
	kb_autokeyfile struct kb_keyfile *kf = NULL;
	struct kb_err found;
	const char *hex;
	int rc = dirfd < 0 ? KB_E_MISSING : kb_keyfile_read(dirfd, role, "rollback", &kf, &found);

	if (rc == KB_E_MISSING)
		return 0;
	if (rc < 0)
		return kb_err_set(err, rc, "%s", found.text);
	if ((rc = kb_keyfile_u64(kf, "epoch", &floor->epoch, err)) < 0 ||
	    (rc = kb_keyfile_u64(kf, "counter", &floor->counter, err)) < 0)
		return rc;
	hex = kb_keyfile_get(kf, "manifest");
	if (!hex || !kb_digest_parse(hex, &floor->manifest))
		return kb_err_set(err, KB_E_STATE, "rollback record: no manifest id");
	floor->known = true;
	return 0;
}

static int read_host(int dirfd, struct kb_floor *floor, struct kb_err *err)
{
	kb_autokeyfile struct kb_keyfile *kf = NULL;
	struct kb_err found;
	const char *channel;
	int rc = dirfd < 0 ? KB_E_MISSING
			   : kb_keyfile_read(dirfd, KB_NAME_HOST, "host", &kf, &found);

	if (rc == KB_E_MISSING)
		return 0;
	if (rc < 0)
		return kb_err_set(err, rc, "%s", found.text);
	if ((rc = kb_keyfile_u64(kf, "date", &floor->date, err)) < 0)
		return rc;
	channel = kb_keyfile_get(kf, "channel");
	if (!channel || !*channel || strlen(channel) >= sizeof(floor->channel))
		return kb_err_set(err, KB_E_STATE, "host record: no channel");
	snprintf(floor->channel, sizeof(floor->channel), "%s", channel);
	return 0;
}

int kb_floor_read(const struct kb_statedir *dir, const char *role, struct kb_floor *ret_floor,
		  struct kb_err *err)
{
	struct kb_floor floor = {.known = false};
	int rc;

	if ((rc = read_role(dir->rollback, role, &floor, err)) < 0 ||
	    (rc = read_host(dir->base, &floor, err)) < 0)
		return kb_err_wrap(err, KB_PATH_STATE);
	*ret_floor = floor;
	return 0;
}

static int older(const struct kb_floor *floor, const struct kb_manifest *m, struct kb_err *err)
{
	return kb_err_set(err, KB_E_ROLLBACK,
			  "%s: release %llu.%llu (version %s) is older than %llu.%llu, which this "
			  "host accepted before",
			  m->role, (unsigned long long)m->epoch, (unsigned long long)m->counter,
			  m->version, (unsigned long long)floor->epoch,
			  (unsigned long long)floor->counter);
}

int kb_floor_check_release(const struct kb_floor *floor, const struct kb_manifest *m,
			   const struct kb_digest *id, struct kb_err *err)
{
	uint64_t from = floor->known && m->epoch == floor->epoch ? floor->counter : 0;

	if (floor->known &&
	    (m->epoch < floor->epoch || (m->epoch == floor->epoch && m->counter < floor->counter)))
		return older(floor, m, err);
	if (m->counter - from > KB_ROLLBACK_JUMP_MAX)
		return kb_err_set(err, KB_E_ROLLBACK,
				  "%s: release counter %llu is more than %u above %llu", m->role,
				  (unsigned long long)m->counter, KB_ROLLBACK_JUMP_MAX,
				  (unsigned long long)from);
	if (floor->known && m->epoch == floor->epoch && m->counter == floor->counter &&
	    !kb_digest_eq(&floor->manifest, id))
		return kb_err_set(err, KB_E_ROLLBACK,
				  "%s: another bundle with the same release number %llu.%llu was "
				  "accepted before (%.16s, this one is %.16s)",
				  m->role, (unsigned long long)m->epoch,
				  (unsigned long long)m->counter, kb_digest_hex(&floor->manifest),
				  kb_digest_hex(id));
	return 0;
}

int kb_floor_check_channel(const struct kb_floor *floor, const struct kb_manifest *m,
			   struct kb_err *err)
{
	if (!floor->channel[0] || strcmp(floor->channel, m->channel) == 0)
		return 0;
	return kb_err_set(err, KB_E_TARGET, "this host follows channel %s, the bundle is of %s",
			  floor->channel, m->channel);
}

int kb_floor_check_time(const struct kb_floor *floor, const struct kb_manifest *m, uint64_t now,
			struct kb_err *err)
{
	uint64_t time = now > floor->date ? now : floor->date;
	char date[32], today[32];

	kb_date_format(time, today);
	if (m->not_after && time > m->not_after) {
		kb_date_format(m->not_after, date);
		return kb_err_set(err, KB_E_EXPIRED,
				  "%s was valid until %s, it is %s; bring a newer bundle or set "
				  "the clock",
				  m->role, date, today);
	}
	if (m->not_before && time < m->not_before) {
		kb_date_format(m->not_before, date);
		return kb_err_set(err, KB_E_EXPIRED,
				  "%s is valid from %s, this host's clock says %s; set the clock",
				  m->role, date, today);
	}
	return 0;
}

static int write_role(int dirfd, const struct kb_manifest *m, const struct kb_digest *id,
		      struct kb_err *err)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	kb_keyfile_begin(&out, "rollback");
	kb_keyfile_add(&out, "epoch", "%llu", (unsigned long long)m->epoch);
	kb_keyfile_add(&out, "counter", "%llu", (unsigned long long)m->counter);
	kb_keyfile_add(&out, "manifest", "%s", kb_digest_hex(id));
	return kb_keyfile_write(dirfd, m->role, &out, err);
}

static int write_host(int dirfd, const struct kb_floor *floor, const struct kb_manifest *m,
		      struct kb_err *err)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	uint64_t date = m->not_before > floor->date ? m->not_before : floor->date;

	kb_keyfile_begin(&out, "host");
	kb_keyfile_add(&out, "channel", "%s", m->channel);
	kb_keyfile_add(&out, "date", "%llu", (unsigned long long)date);
	return kb_keyfile_write(dirfd, KB_NAME_HOST, &out, err);
}

int kb_floor_raise(const struct kb_statedir *dir, const struct kb_floor *floor,
		   const struct kb_manifest *m, const struct kb_digest *id, struct kb_err *err)
{
	int rc = write_role(dir->rollback, m, id, err);

	if (rc == 0)
		rc = write_host(dir->base, floor, m, err);
	return rc < 0 ? kb_err_wrap(err, "record the release") : 0;
}

/* Civil date from days since 1970, by H. Hinnant's public algorithm; no time
 * zone file is ever opened. */
static void civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int64_t)yoe + era * 400 + (*month <= 2);
}

void kb_date_format(uint64_t seconds, char out[32])
{
	unsigned month, day;
	int64_t year;

	civil((int64_t)(seconds / 86400), &year, &month, &day);
	if (year > 9999)
		year = 9999;
	snprintf(out, 32, "%04d-%02u-%02u", (int)year, month, day);
}

void kb_time_format(int64_t seconds, char out[32])
{
	char date[32];
	unsigned rest;

	if (seconds < 0)
		seconds = 0;
	rest = (unsigned)(seconds % 86400);
	kb_date_format((uint64_t)seconds, date);
	snprintf(out, 32, "%.10sT%02u:%02u:%02uZ", date, rest / 3600, rest / 60 % 60, rest % 60);
}
