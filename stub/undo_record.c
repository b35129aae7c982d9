#include "stub/undo_record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

char *kb_undo_name(const char *path)
{
	struct kb_digest digest;

	kb_digest_of(path, strlen(path), &digest);
	return kb_format("%.32s", kb_digest_hex(&digest));
}

static const char *const kinds[] = {"absent", "file", "directory"};

void kb_undo_build(const struct kb_undo *u, struct kb_buf *out)
{
	kb_keyfile_begin(out, "undo");
	kb_keyfile_add(out, "path", "%s", u->path);
	kb_keyfile_add(out, "was", "%s", kinds[u->was]);
	kb_keyfile_add(out, "mode", "%u", u->mode);
	kb_keyfile_add(out, "uid", "%u", u->uid);
	kb_keyfile_add(out, "gid", "%u", u->gid);
	kb_keyfile_add(out, "keep", "%d", u->keep);
	if (u->unit)
		kb_keyfile_add(out, "unit", "%s", u->unit);
	kb_keyfile_add(out, "enabled", "%d", u->enabled);
	kb_keyfile_add(out, "active", "%d", u->active);
	kb_keyfile_add(out, "put-mode", "%u", u->put_mode);
	kb_keyfile_add(out, "put-uid", "%u", u->put_uid);
	kb_keyfile_add(out, "put-gid", "%u", u->put_gid);
	for (size_t i = 0; i < u->n_puts; i++)
		kb_keyfile_add(out, "put", "%s", u->puts[i]);
}

void kb_undo_add_put(struct kb_undo *u, const char *hex)
{
	for (size_t i = 0; i < u->n_puts; i++)
		if (strcmp(u->puts[i], hex) == 0)
			return;
	if (u->n_puts == KB_UNDO_PUTS)
		memmove(u->puts[0], u->puts[1], sizeof(u->puts[0]) * --u->n_puts);
	snprintf(u->puts[u->n_puts++], sizeof(u->puts[0]), "%s", hex);
}

static int take_numbers(const struct kb_keyfile *kf, struct kb_undo *u, struct kb_err *err)
{
	uint64_t keep = 0, enabled = 0, active = 0, mode = 0, uid = 0, gid = 0;
	uint64_t put_mode = 0, put_uid = 0, put_gid = 0;
	const struct {
		const char *key;
		uint64_t *to;
	} all[] = {{"mode", &mode},         {"uid", &uid},         {"gid", &gid},
		   {"keep", &keep},         {"enabled", &enabled}, {"active", &active},
		   {"put-mode", &put_mode}, {"put-uid", &put_uid}, {"put-gid", &put_gid}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int rc = kb_keyfile_u64(kf, all[i].key, all[i].to, err);

		if (rc < 0)
			return rc;
		if (*all[i].to > UINT32_MAX)
			return kb_err_set(err, KB_E_STATE, "undo record: %s is too large",
					  all[i].key);
	}
	u->mode = (uint32_t)mode & 07777;
	u->uid = (uint32_t)uid;
	u->gid = (uint32_t)gid;
	u->keep = keep;
	u->enabled = enabled;
	u->active = active;
	u->put_mode = (uint32_t)put_mode & 07777;
	u->put_uid = (uint32_t)put_uid;
	u->put_gid = (uint32_t)put_gid;
	return 0;
}

/* A word of a later version is not "absent", which would remove what is there. */
static bool take_kind(const char *word, enum kb_undo_kind *ret_kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(word, kinds[i]) != 0)
			continue;
		*ret_kind = (enum kb_undo_kind)i;
		return true;
	}
	return false;
}

/* The file system's own check of names stays with whoever walks the path. */
static int take_words(const struct kb_keyfile *kf, struct kb_undo *u, struct kb_err *err)
{
	const char *path = kb_keyfile_get(kf, "path"), *was = kb_keyfile_get(kf, "was");
	const char *unit = kb_keyfile_get(kf, "unit"), *key, *value;
	struct kb_digest digest;

	if (!path || path[0] != '/' || !was)
		return kb_err_set(err, KB_E_STATE, "undo record: no path");
	if (!take_kind(was, &u->was))
		return kb_err_set(err, KB_E_STATE, "undo record: was \"%.40s\"", was);
	u->path = kb_strdup(path);
	u->unit = unit ? kb_strdup(unit) : NULL;
	for (size_t i = 0; kb_keyfile_at(kf, i, &key, &value); i++) {
		if (strcmp(key, "put") != 0)
			continue;
		if (!kb_digest_parse(value, &digest))
			return kb_err_set(err, KB_E_STATE, "undo record: put \"%.40s\"", value);
		kb_undo_add_put(u, value);
	}
	return 0;
}

void kb_undo_free_one(struct kb_undo *u)
{
	free(u->path);
	free(u->unit);
	memset(u, 0, sizeof(*u));
}

int kb_undo_take(const struct kb_keyfile *kf, struct kb_undo *ret_undo, struct kb_err *err)
{
	struct kb_undo u = {.path = NULL};
	int rc;

	if ((rc = take_numbers(kf, &u, err)) < 0 || (rc = take_words(kf, &u, err)) < 0) {
		kb_undo_free_one(&u);
		return rc;
	}
	*ret_undo = u;
	return 0;
}

int kb_undo_read_one(int logfd, const char *name, struct kb_undo *ret_undo, struct kb_err *err)
{
	kb_autokeyfile struct kb_keyfile *kf = NULL;
	int rc = kb_keyfile_read(logfd, name, "undo", &kf, err);

	return rc < 0 ? rc : kb_undo_take(kf, ret_undo, err);
}

static int is_record(const struct dirent *entry)
{
	return strlen(entry->d_name) == KB_UNDO_NAME_LEN &&
	       strspn(entry->d_name, "0123456789abcdef") == KB_UNDO_NAME_LEN;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct kb_undo *)a)->path, ((const struct kb_undo *)b)->path);
}

static void collect_owners(struct kb_undo_log *log)
{
	log->uids = kb_alloc(log->n, sizeof(*log->uids));
	for (size_t i = 0; i < log->n; i++)
		if (log->at[i].put_uid)
			log->uids[log->owners.n++] = log->at[i].put_uid;
	log->owners.uids = log->uids;
}

int kb_undo_open(int statefd, const char *name)
{
	return openat(statefd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int kb_undo_read(int statefd, const char *name, struct kb_undo_log *ret_log, struct kb_err *err)
{
	struct kb_undo_log log = {.n = 0};
	struct dirent **names = NULL;
	kb_autoclose int fd = kb_undo_open(statefd, name);
	int n = 0, rc = 0;

	if (fd < 0 && errno != ENOENT)
		return kb_err_errno(err, KB_E_IO, "undo log");
	if (fd >= 0 && (n = scandirat(fd, ".", &names, is_record, NULL)) < 0)
		return kb_err_errno(err, KB_E_IO, "undo log");
	log.at = kb_alloc((size_t)n, sizeof(*log.at));
	for (int i = 0; i < n; free(names[i++]))
		if (rc == 0 &&
		    (rc = kb_undo_read_one(fd, names[i]->d_name, &log.at[log.n], err)) == 0)
			log.n++;
	free(names);
	qsort(log.at, log.n, sizeof(*log.at), by_path);
	collect_owners(&log);
	if (rc < 0)
		kb_undo_free(&log);
	else
		*ret_log = log;
	return rc < 0 ? kb_err_wrap(err, "undo log") : 0;
}

void kb_undo_free(struct kb_undo_log *log)
{
	for (size_t i = 0; i < log->n; i++)
		kb_undo_free_one(&log->at[i]);
	free(log->at);
	free(log->uids);
	memset(log, 0, sizeof(*log));
}
