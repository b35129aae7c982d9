#include "stub/outcome.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/day.h"
#include "stub/keyfile.h"
#include "stub/paths.h"

static const char *const names[KB_OUTCOME_COUNT] = {
	[KB_OUTCOME_NONE] = "not-installed",      [KB_OUTCOME_INSTALLED] = "installed",
	[KB_OUTCOME_PENDING] = "pending-quorum",  [KB_OUTCOME_FAILED] = "failed",
	[KB_OUTCOME_INTERRUPTED] = "interrupted", [KB_OUTCOME_REMOVING] = "uninstalling",
};

const char *kb_outcome_name(enum kb_outcome_state state)
{
	return names[state];
}

static int take_state(const struct kb_keyfile *kf, enum kb_outcome_state *ret_state,
		      struct kb_err *err)
{
	const char *name = kb_keyfile_get(kf, "state");

	for (int i = KB_OUTCOME_INSTALLED; name && i < KB_OUTCOME_COUNT; i++)
		if (strcmp(names[i], name) == 0) {
			*ret_state = (enum kb_outcome_state)i;
			return 0;
		}
	return kb_err_set(err, KB_E_STATE, "state record: no known state");
}

static char *take_text(const struct kb_keyfile *kf, const char *key)
{
	const char *value = kf ? kb_keyfile_get(kf, key) : NULL;

	return kb_strdup(value ? value : "");
}

static void take_texts(const struct kb_keyfile *kf, struct kb_outcome *o)
{
	o->version = take_text(kf, "version");
	o->channel = take_text(kf, "channel");
	o->host = take_text(kf, "host");
	o->address = take_text(kf, "address");
	o->time = take_text(kf, "time");
	o->manifest = take_text(kf, "manifest");
	o->release_set = take_text(kf, "release-set");
	o->previous = take_text(kf, "previous");
	o->failure = take_text(kf, "failure");
}

static void add_line(struct kb_outcome *o, char *line)
{
	o->pending = kb_realloc(o->pending, o->n_pending + 1, sizeof(*o->pending));
	o->pending[o->n_pending++] = line;
}

void kb_outcome_add_pending(struct kb_outcome *o, const char *step, const char *reason)
{
	add_line(o, kb_format("%s: %s", step, reason));
}

static int take_all(const struct kb_keyfile *kf, struct kb_outcome *o, struct kb_err *err)
{
	const char *key, *value;
	int rc;

	if ((rc = take_state(kf, &o->state, err)) < 0 ||
	    (rc = kb_keyfile_u64(kf, "epoch", &o->epoch, err)) < 0 ||
	    (rc = kb_keyfile_u64(kf, "counter", &o->counter, err)) < 0)
		return rc;
	for (size_t i = 0; kb_keyfile_at(kf, i, &key, &value); i++)
		if (strcmp(key, "pending") == 0)
			add_line(o, kb_strdup(value));
	return 0;
}

int kb_outcome_read(int dirfd, struct kb_outcome *ret_outcome, struct kb_err *err)
{
	kb_autokeyfile struct kb_keyfile *kf = NULL;
	kb_autooutcome struct kb_outcome o = {.state = KB_OUTCOME_NONE};
	struct kb_err found;
	int rc = dirfd < 0 ? KB_E_MISSING
			   : kb_keyfile_read(dirfd, KB_NAME_RECORD, "state", &kf, &found);

	if (rc < 0 && rc != KB_E_MISSING)
		return kb_err_set(err, rc, "%s", found.text);
	take_texts(kf, &o);
	if (rc == 0 && (rc = take_all(kf, &o, err)) < 0)
		return rc;
	*ret_outcome = o;
	memset(&o, 0, sizeof(o));
	return 0;
}

/* All but the time. */
static void build(const struct kb_outcome *o, struct kb_buf *out)
{
	kb_keyfile_begin(out, "state");
	kb_keyfile_add(out, "state", "%s", names[o->state]);
	kb_keyfile_add(out, "version", "%s", o->version);
	kb_keyfile_add(out, "epoch", "%llu", (unsigned long long)o->epoch);
	kb_keyfile_add(out, "counter", "%llu", (unsigned long long)o->counter);
	kb_keyfile_add(out, "channel", "%s", o->channel);
	kb_keyfile_add(out, "manifest", "%s", o->manifest);
	kb_keyfile_add(out, "release-set", "%s", o->release_set);
	kb_keyfile_add(out, "previous", "%s", o->previous);
	kb_keyfile_add(out, "host", "%s", o->host);
	kb_keyfile_add(out, "address", "%s", o->address);
	kb_keyfile_add(out, "failure", "%s", o->failure);
	for (size_t i = 0; i < o->n_pending; i++)
		kb_keyfile_add(out, "pending", "%s", o->pending[i]);
}

static bool is_same(int dirfd, const struct kb_buf *wanted)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	kb_autooutcome struct kb_outcome old = {.state = KB_OUTCOME_NONE};

	if (kb_outcome_read(dirfd, &old, NULL) < 0 || old.state == KB_OUTCOME_NONE)
		return false;
	build(&old, &text);
	return text.len == wanted->len && memcmp(text.data, wanted->data, text.len) == 0;
}

int kb_outcome_write(int dirfd, struct kb_outcome *o, struct kb_err *err)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	char stamp[32];

	build(o, &out);
	if (is_same(dirfd, &out))
		return 0;
	kb_time_format((int64_t)time(NULL), stamp);
	free(o->time);
	o->time = kb_strdup(stamp);
	kb_keyfile_add(&out, "time", "%s", stamp);
	return kb_keyfile_write(dirfd, KB_NAME_RECORD, &out, err);
}

int kb_outcome_copy(int dirfd, const struct kb_outcome *o, struct kb_err *err)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	build(o, &out);
	kb_keyfile_add(&out, "time", "%s", o->time);
	return kb_keyfile_write(dirfd, KB_NAME_RECORD, &out, err);
}

void kb_outcome_free(struct kb_outcome *o)
{
	char *all[] = {o->version,  o->channel,     o->host,     o->address, o->time,
		       o->manifest, o->release_set, o->previous, o->failure};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
	for (size_t i = 0; i < o->n_pending; i++)
		free(o->pending[i]);
	free(o->pending);
	memset(o, 0, sizeof(*o));
}

void kb_outcome_begin(struct kb_outcome *o, const struct kb_manifest *m, const struct kb_digest *id,
		      const struct kb_outcome *old, const char *host, const char *address)
{
	bool other = *old->manifest && strcmp(old->manifest, kb_digest_hex(id)) != 0;

	memset(o, 0, sizeof(*o));
	o->version = kb_strdup(m->version);
	o->channel = kb_strdup(m->channel);
	o->host = kb_strdup(host);
	o->address = kb_strdup(address);
	o->time = kb_strdup("");
	o->manifest = kb_strdup(kb_digest_hex(id));
	o->release_set = kb_strdup(kb_digest_hex(&m->release_set));
	o->previous = other ? kb_strndup(old->manifest, 16) : kb_strdup(old->previous);
	o->failure = kb_strdup("");
	o->epoch = m->epoch;
	o->counter = m->counter;
}
