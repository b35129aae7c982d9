#include "stub/rollback.h"

#include <stdio.h>
#include <string.h>

#include "core/day.h"
#include "core/mem.h"
#include "stub/keyfile.h"
#include "stub/paths.h"

static bool parse_id(const char *hex, uint8_t id[KB_DOWNGRADE_ID_LEN])
{
	return strlen(hex) == 2 * KB_DOWNGRADE_ID_LEN && kb_hex_parse(hex, id, KB_DOWNGRADE_ID_LEN);
}

static int read_back(const struct kb_keyfile *kf, struct kb_floor *floor, struct kb_err *err)
{
	const char *key, *value, *older = kb_keyfile_get(kf, "older");

	floor->back = older != NULL;
	if (older && !kb_digest_parse(older, &floor->older))
		return kb_err_set(err, KB_E_STATE, "rollback record: older is no manifest id");
	for (size_t i = 0; kb_keyfile_at(kf, i, &key, &value); i++)
		if (strcmp(key, "used") == 0 && (floor->n_used == KB_ROLLBACK_USED_MAX ||
						 !parse_id(value, floor->used[floor->n_used++])))
			return kb_err_set(err, KB_E_STATE, "rollback record: used permissions");
	return 0;
}

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
	if ((rc = kb_keyfile_u64(kf, "epoch", &floor->number.epoch, err)) < 0 ||
	    (rc = kb_keyfile_u64(kf, "counter", &floor->number.counter, err)) < 0)
		return rc;
	hex = kb_keyfile_get(kf, "manifest");
	if (!hex || !kb_digest_parse(hex, &floor->manifest))
		return kb_err_set(err, KB_E_STATE, "rollback record: no manifest id");
	floor->known = true;
	return read_back(kf, floor, err);
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

static struct kb_release_number number_of(const struct kb_manifest *m)
{
	return (struct kb_release_number){m->epoch, m->counter};
}

static int older(const struct kb_floor *floor, const struct kb_manifest *m, struct kb_err *err)
{
	return kb_err_set(err, KB_E_ROLLBACK,
			  "%s: release %llu.%llu (version %s) is older than %llu.%llu, which this "
			  "host accepted before; to go back, have it permitted: keybuzz-bundle "
			  "downgrade --help",
			  m->role, (unsigned long long)m->epoch, (unsigned long long)m->counter,
			  m->version, (unsigned long long)floor->number.epoch,
			  (unsigned long long)floor->number.counter);
}

static int jump(const struct kb_floor *floor, const struct kb_manifest *m, struct kb_err *err)
{
	uint64_t from = floor->known && m->epoch == floor->number.epoch ? floor->number.counter : 0;

	if (m->counter - from <= KB_ROLLBACK_JUMP_MAX)
		return 0;
	return kb_err_set(err, KB_E_ROLLBACK, "%s: release counter %llu is more than %u above %llu",
			  m->role, (unsigned long long)m->counter, KB_ROLLBACK_JUMP_MAX,
			  (unsigned long long)from);
}

int kb_floor_check_release(const struct kb_floor *floor, const struct kb_manifest *m,
			   const struct kb_digest *id, struct kb_err *err)
{
	int order = floor->known ? kb_release_cmp(number_of(m), floor->number) : 1;

	if (order > 0)
		return jump(floor, m, err);
	if (order < 0)
		return floor->back && kb_digest_eq(&floor->older, id) ? 0 : older(floor, m, err);
	if (kb_digest_eq(&floor->manifest, id))
		return 0;
	return kb_err_set(err, KB_E_ROLLBACK,
			  "%s: another bundle with the same release number %llu.%llu was accepted "
			  "before (%.16s, this one is %.16s)",
			  m->role, (unsigned long long)m->epoch, (unsigned long long)m->counter,
			  kb_digest_hex(&floor->manifest), kb_digest_hex(id));
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

	kb_day_format(time, today);
	if (m->not_after && time > m->not_after) {
		kb_day_format(m->not_after, date);
		return kb_err_set(err, KB_E_EXPIRED,
				  "%s was valid until %s, it is %s; bring a newer bundle or set "
				  "the clock",
				  m->role, date, today);
	}
	if (m->not_before && time < m->not_before) {
		kb_day_format(m->not_before, date);
		return kb_err_set(err, KB_E_EXPIRED,
				  "%s is valid from %s, this host's clock says %s; set the clock",
				  m->role, date, today);
	}
	return 0;
}

static int write_role(int dirfd, const char *role, const struct kb_floor *floor, struct kb_err *err)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	char id[2 * KB_DOWNGRADE_ID_LEN + 1];

	kb_keyfile_begin(&out, "rollback");
	kb_keyfile_add(&out, "epoch", "%llu", (unsigned long long)floor->number.epoch);
	kb_keyfile_add(&out, "counter", "%llu", (unsigned long long)floor->number.counter);
	kb_keyfile_add(&out, "manifest", "%s", kb_digest_hex(&floor->manifest));
	if (floor->back)
		kb_keyfile_add(&out, "older", "%s", kb_digest_hex(&floor->older));
	for (size_t i = 0; i < floor->n_used; i++) {
		kb_hex(floor->used[i], KB_DOWNGRADE_ID_LEN, id);
		kb_keyfile_add(&out, "used", "%s", id);
	}
	return kb_keyfile_write(dirfd, role, &out, err);
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

/* A permission names the number it leads away from: what a newer release makes
 * useless need not be remembered. */
static struct kb_floor raised(const struct kb_floor *floor, const struct kb_manifest *m,
			      const struct kb_digest *id)
{
	int order = floor->known ? kb_release_cmp(number_of(m), floor->number) : 1;
	struct kb_floor next = *floor;

	if (order < 0)
		return next;
	next.number = number_of(m);
	next.manifest = *id;
	next.back = false;
	if (order > 0)
		next.n_used = 0;
	return next;
}

int kb_floor_raise(const struct kb_statedir *dir, const struct kb_floor *floor,
		   const struct kb_manifest *m, const struct kb_digest *id, struct kb_err *err)
{
	struct kb_floor next = raised(floor, m, id);
	int rc = write_role(dir->rollback, m->role, &next, err);

	if (rc == 0)
		rc = write_host(dir->base, floor, m, err);
	return rc < 0 ? kb_err_wrap(err, "record the release") : 0;
}

int kb_floor_stay(const struct kb_statedir *dir, const char *role, const struct kb_digest *older,
		  struct kb_err *err)
{
	struct kb_floor floor = {.known = false};
	int rc = read_role(dir->rollback, role, &floor, err);

	if (rc == 0 && floor.known && !kb_digest_eq(&floor.manifest, older)) {
		floor.back = true;
		floor.older = *older;
		rc = write_role(dir->rollback, role, &floor, err);
	}
	return rc < 0 ? kb_err_wrap(err, "record the release") : 0;
}
