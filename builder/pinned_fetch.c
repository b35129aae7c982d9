/* Pinned files, one after the other: continued where an earlier fetch or a
 * broken connection left off, and checked before they enter the store. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/pinned_lock.h"
#include "builder/run.h"
#include "builder/site_tree.h"
#include "core/file.h"

enum {
	BREAKS_MAX = 50, /* of a connection that still brought something */
	BLOCK = 1 << 18,
};

static uint64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int curl(const char *url, const char *path, struct kb_err *err)
{
	kb_autofree char *max = kb_format("%llu", (unsigned long long)KB_PINNED_MAX);
	const char *const argv[] = {"curl",
				    "--disable",
				    "--silent",
				    "--show-error",
				    "--fail",
				    "--location",
				    "--max-redirs",
				    "5",
				    "--proto",
				    "=http,https",
				    "--retry",
				    "3",
				    "--retry-connrefused",
				    "--connect-timeout",
				    "20",
				    "--speed-limit",
				    "512",
				    "--speed-time",
				    "60",
				    "--max-filesize",
				    max,
				    "--continue-at",
				    "-",
				    "--output",
				    path,
				    "--",
				    url,
				    NULL};
	const struct kb_run run = {.argv = argv, .network = true};

	return kb_run(&run, NULL, err);
}

/* What breaks off is continued as long as each try brings something. */
static int download(const char *url, const char *path, struct kb_err *err)
{
	uint64_t before;
	int rc, breaks = 0;

	do {
		before = size_of(path);
		rc = curl(url, path, err);
	} while (rc == KB_E_DEPENDENCY && size_of(path) > before && breaks++ < BREAKS_MAX);
	return rc < 0 ? kb_err_wrap(err, "%s", url) : 0;
}

static int digest_of(const char *path, struct kb_digest *ret_digest, uint64_t *ret_size,
		     struct kb_err *err)
{
	kb_autoclose int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", path);
	return kb_digest_of_fd(fd, ret_digest, ret_size, err);
}

/* ---- lock ---- */

static int open_below(const struct kb_site *site, const char *path, struct kb_err *err)
{
	kb_autoclose int dirfd = open(site->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		return kb_err_errno(err, KB_E_IO, "%s", site->dir);
	return kb_site_tree_open(dirfd, path, err);
}

static int resolve_path(const struct kb_site *site, const struct kb_pinned *file,
			struct kb_digest *ret_sha256, struct kb_err *err)
{
	kb_autoclose int fd = open_below(site, file->path, err);
	struct kb_digest wanted;
	int rc;

	if (fd < 0)
		return fd;
	rc = kb_digest_of_fd(fd, ret_sha256, NULL, err);
	if (rc == 0 && *file->sha256 && kb_digest_parse(file->sha256, &wanted) &&
	    !kb_digest_eq(&wanted, ret_sha256))
		return kb_err_set(err, KB_E_DAMAGED, "%s has sha256 %s, " KB_PINNED_FILE " says %s",
				  file->path, kb_digest_hex(ret_sha256), file->sha256);
	return rc;
}

static int resolve_url(const struct kb_pinned *file, struct kb_store *store,
		       struct kb_digest *ret_sha256, struct kb_err *err)
{
	kb_autoscratch char *scratch = NULL;
	kb_autofree char *path = NULL;
	uint64_t size;
	int rc = kb_store_scratch(store, &scratch, err);

	if (rc < 0)
		return rc;
	path = kb_format("%s/file", scratch);
	if ((rc = download(file->url, path, err)) < 0 ||
	    (rc = digest_of(path, ret_sha256, &size, err)) < 0)
		return rc;
	return kb_store_adopt(store, path, ret_sha256, size, err);
}

int kb_pinned_resolve(const struct kb_site *site, const struct kb_pinned *file,
		      struct kb_store *store, struct kb_digest *ret_sha256, struct kb_err *err)
{
	int rc = 0;

	if (*file->path)
		rc = resolve_path(site, file, ret_sha256, err);
	else if (!*file->sha256)
		rc = resolve_url(file, store, ret_sha256, err);
	else
		kb_digest_parse(file->sha256, ret_sha256); /* checked when it was read */
	return rc < 0 ? kb_site_wrap(&file->pos, err, "file %s", file->name) : 0;
}

/* ---- fetch ---- */

static int adopt(struct kb_fetch *f, const char *path, const struct kb_pinned_entry *entry,
		 struct kb_err *err)
{
	uint64_t size = size_of(path);
	int rc = kb_store_adopt(f->store, path, &entry->sha256, size, err);

	if (rc == 0) {
		f->n_downloaded++;
		f->bytes_downloaded += size;
	}
	return rc;
}

/* A part that an earlier fetch left may be of other bytes: then once more from
 * the beginning. */
static int fetch_url(struct kb_fetch *f, const struct kb_pinned *file,
		     const struct kb_pinned_entry *entry, struct kb_err *err)
{
	kb_autofree char *path = NULL;
	const char *partial;
	bool continued;
	int rc = kb_store_partial(f->store, &partial, err);

	if (rc < 0)
		return rc;
	path = kb_format("%s/%s", partial, kb_digest_hex(&entry->sha256));
	continued = size_of(path) > 0;
	if (continued && adopt(f, path, entry, err) == 0)
		return 0;
	rc = download(file->url, path, err);
	if (rc == 0)
		rc = adopt(f, path, entry, err);
	if (rc == KB_E_INTERRUPTED || rc == KB_E_MISSING ||
	    (rc < 0 && rc != KB_E_DAMAGED && !continued))
		return rc;
	if (rc < 0)
		unlink(path);
	if (rc < 0 && continued) {
		kb_fetch_say(f, "%s: the part that was there is of another file; fetched again",
			     file->name);
		rc = download(file->url, path, err);
		if (rc == 0 && (rc = adopt(f, path, entry, err)) == KB_E_DAMAGED)
			unlink(path);
	}
	return rc < 0 && rc != KB_E_INTERRUPTED ? kb_err_wrap(err, "%s", file->url) : rc;
}

static int copy(int fd, struct kb_store_writer *w, struct kb_err *err)
{
	kb_autofree char *block = kb_alloc(BLOCK, 1);
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = read(fd, block, BLOCK)) != 0)
		rc = n < 0 ? kb_err_errno(err, KB_E_IO, "read")
			   : kb_store_add(w, block, (size_t)n, err);
	return rc;
}

static int fetch_path(struct kb_fetch *f, const struct kb_pinned *file,
		      const struct kb_pinned_entry *entry, struct kb_err *err)
{
	kb_autowriter struct kb_store_writer *w = NULL;
	kb_autoclose int fd = open_below(f->site, file->path, err);
	int rc;

	if (fd < 0)
		return fd;
	if ((rc = kb_store_begin(f->store, &w, err)) < 0 || (rc = copy(fd, w, err)) < 0)
		return rc;
	rc = kb_store_commit(kb_steal(w), &entry->sha256, NULL, NULL, err);
	if (rc == KB_E_DAMAGED)
		return kb_err_wrap(err,
				   "%s was changed after it was locked; run: keybuzz-bundle "
				   "lock --update %s",
				   file->path, file->name);
	return rc;
}

static int fetch_file(struct kb_fetch *f, const struct kb_pinned_entry *entry, struct kb_err *err)
{
	const struct kb_pinned *file = kb_pinned_find(f->site->pinned, entry->name);
	struct kb_err why;
	int rc = kb_store_check(f->store, &entry->sha256, &why);

	if (rc == KB_E_DAMAGED)
		kb_fetch_say(f, "file %s: damaged in the store, fetched again", entry->name);
	if (rc == 0)
		return 0;
	if (rc != KB_E_DAMAGED && rc != KB_E_MISSING) {
		if (err)
			*err = why;
		return rc;
	}
	rc = *file->path ? fetch_path(f, file, entry, err) : fetch_url(f, file, entry, err);
	return rc < 0 ? kb_site_wrap(&file->pos, err, "file %s", file->name) : 0;
}

int kb_fetch_pinned(struct kb_fetch *f, struct kb_err *err)
{
	const struct kb_pinned_lock *lock = f->lock->pinned;
	int rc = 0;

	for (size_t i = 0; lock && i < lock->n && rc == 0; i++) {
		rc = kb_run_check(err);
		if (rc == 0)
			rc = fetch_file(f, &lock->v[i], err);
		f->n_files++;
	}
	return rc;
}
