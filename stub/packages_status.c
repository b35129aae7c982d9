#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/dir.h"
#include "core/file.h"
#include "core/packages.h"
#include "stub/packages.h"
#include "stub/paths.h"

enum { STATUS_MAX = 64 << 20, PACKAGES_MAX = 200000 };

/* ---- reading ---- */

static bool is_value(const struct kb_control *p, const char *name, const char *wanted)
{
	const char *value;
	size_t len;

	return kb_control_field(p, name, &value, &len) && strlen(wanted) == len &&
	       memcmp(value, wanted, len) == 0;
}

static char *take(const struct kb_control *p, const char *name)
{
	const char *value;
	size_t len;

	return kb_control_field(p, name, &value, &len) && len <= 1024 ? kb_strndup(value, len)
								      : NULL;
}

/* "WANT FLAG STATE", dpkg(1). Where the last two are others than these, dpkg
 * has unfinished business. */
static bool is_settled(const char *status)
{
	static const char *const settled[] = {" ok installed", " ok config-files",
					      " ok not-installed"};
	const char *space = strchr(status, ' ');

	for (size_t i = 0; space && i < sizeof(settled) / sizeof(settled[0]); i++)
		if (strcmp(space, settled[i]) == 0)
			return true;
	return false;
}

static bool is_installed(const char *status)
{
	const char *space = strchr(status, ' ');

	return space && strcmp(space, " ok installed") == 0;
}

static int refuse(struct kb_err *err, size_t n, const char *what)
{
	return kb_err_set(err, KB_E_DEPENDENCY, KB_PATH_DPKG "/status: package %zu: %s", n, what);
}

static int take_package(const struct kb_control *p, const char *arch, struct kb_dpkg *db,
			struct kb_err *err)
{
	kb_autofree char *name = take(p, "Package");
	kb_autofree char *status = take(p, "Status");
	kb_autofree char *version = take(p, "Version");

	if (!name || !*name)
		return refuse(err, db->n + 1, "it has no name");
	if (!status || !strchr(status, ' '))
		return refuse(err, db->n + 1, "it has no status");
	if (db->n >= PACKAGES_MAX)
		return refuse(err, db->n + 1, "too many packages");
	if (!db->unfinished && !is_settled(status))
		db->unfinished = kb_strdup(name);
	if (arch && !is_value(p, "Architecture", arch) && !is_value(p, "Architecture", "all"))
		return 0;
	db->v = kb_grow(db->v, db->n, &db->cap, sizeof(*db->v));
	db->v[db->n].name = kb_steal(name);
	db->v[db->n].version = version ? kb_steal(version) : kb_strdup("");
	db->v[db->n++].installed = is_installed(status);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct kb_dpkg_package *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	/* of a name that stands twice, what is installed counts */
	return order ? order : y->installed - x->installed;
}

int kb_dpkg_parse(const char *text, size_t len, const char *arch, struct kb_dpkg *ret_db,
		  struct kb_err *err)
{
	struct kb_dpkg db = {.n = 0};
	const char *at = text;
	struct kb_control p;
	int rc = 0;

	if (memchr(text, '\0', len))
		rc = refuse(err, 0, "a zero byte");
	while (rc == 0 && kb_control_next(&at, text + len, &p))
		rc = take_package(&p, arch, &db, err);
	if (rc < 0) {
		kb_dpkg_free(&db);
		return rc;
	}
	if (db.n)
		qsort(db.v, db.n, sizeof(*db.v), by_name);
	*ret_db = db;
	return 0;
}

/* What dpkg wrote down and did not get to put into the status file: 1 or 0. */
static int has_updates(int rootfd, struct kb_err *err)
{
	kb_autodir DIR *dir = NULL;
	const char *name;
	int rc = kb_dir_open(rootfd, &KB_PATH_DPKG "/updates"[1], &dir, err);

	if (rc < 0)
		return rc == KB_E_MISSING ? 0 : rc;
	while ((rc = kb_dir_next(dir, &name, err)) > 0)
		if (isdigit((unsigned char)name[0]) || strcmp(name, "tmp.i") == 0)
			return 1;
	return rc;
}

int kb_dpkg_read(int rootfd, const char *arch, struct kb_dpkg *ret_db, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	int rc = kb_file_read_at(rootfd, &KB_PATH_DPKG "/status"[1], STATUS_MAX, &text, err);

	if (rc < 0)
		return kb_err_wrap(err, "dpkg's database");
	kb_buf_reserve(&text, 0);
	rc = kb_dpkg_parse(text.data, text.len, arch, ret_db, err);
	if (rc < 0 || ret_db->unfinished)
		return rc;
	if ((rc = has_updates(rootfd, err)) > 0)
		ret_db->unfinished = kb_strdup("a change");
	return rc < 0 ? kb_err_wrap(err, "dpkg's database") : 0;
}

void kb_dpkg_free(struct kb_dpkg *db)
{
	for (size_t i = 0; i < db->n; i++) {
		free(db->v[i].name);
		free(db->v[i].version);
	}
	free(db->v);
	free(db->unfinished);
	memset(db, 0, sizeof(*db));
}

const struct kb_dpkg_package *kb_dpkg_find(const struct kb_dpkg *db, const char *name)
{
	size_t low = 0, high = db->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(db->v[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < db->n && strcmp(db->v[low].name, name) == 0 ? &db->v[low] : NULL;
}

bool kb_dpkg_has(const struct kb_dpkg *db, const char *name, const char *version)
{
	const struct kb_dpkg_package *found = kb_dpkg_find(db, name);

	return found && found->installed && kb_debversion_cmp(found->version, version) >= 0;
}

/* Both are held by record locks, which tell who holds them. */
int kb_dpkg_check_lock(int rootfd, struct kb_err *err)
{
	static const char *const locks[] = {KB_PATH_DPKG "/lock-frontend", KB_PATH_DPKG "/lock"};

	for (size_t i = 0; i < 2; i++) {
		kb_autoclose int fd =
			openat(rootfd, locks[i] + 1, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0)
			return kb_err_errno(err, KB_E_IO, "%s", locks[i]);
		if (lock.l_type != F_UNLCK)
			return kb_err_set(err, KB_E_BUSY,
					  "another package manager is at work (process %d holds "
					  "%s); let it end, then run this again",
					  (int)lock.l_pid, locks[i]);
	}
	return 0;
}
