/* Package files by curl: several at once, each continued where an earlier
 * fetch was cut off, each checked before it enters the store. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/apt.h"
#include "builder/fetch.h"
#include "builder/packages_lock.h"
#include "builder/run.h"
#include "core/file.h"

enum {
	ROUNDS = 2, /* the second for files that came damaged */
	REPORT_MAX = 1 << 20,
};

struct want {
	const struct kb_deb *deb;
	const struct kb_lock_entry *entry; /* the first that wants it */
	char *url;
	char *path; /* while it is partial */
	bool stored;
	unsigned http; /* what the server said last */
};

struct wants {
	struct want *v;
	size_t n, cap;
	uint64_t total; /* bytes of those that are not stored */
};

static void free_wants(struct wants *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->v[i].url);
		free(w->v[i].path);
	}
	free(w->v);
}

/* ---- what is wanted ---- */

static char *url_of(const struct kb_lock_entry *entry, const struct kb_deb *deb)
{
	const char *mirror = deb->security ? entry->security : entry->mirror;
	size_t len = strlen(mirror);
	struct kb_buf url = KB_BUF_INIT;

	while (len && mirror[len - 1] == '/')
		len--;
	kb_buf_add(&url, mirror, len);
	kb_buf_putc(&url, '/');
	kb_apt_encode(deb->path, &url);
	return kb_buf_steal(&url);
}

static int by_digest(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	return kb_digest_cmp(&x->deb->sha256, &y->deb->sha256);
}

static void want_debs(struct wants *w, const struct kb_lock_entry *entry,
		      const struct kb_debs *debs)
{
	for (size_t i = 0; i < debs->n; i++) {
		w->v = kb_grow(w->v, w->n, &w->cap, sizeof(*w->v));
		w->v[w->n++] = (struct want){.deb = &debs->v[i], .entry = entry};
	}
}

/* Every package of the lock, once. */
static void collect(const struct kb_fetch *f, const char *partial, struct wants *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->lock->n; i++) {
		want_debs(w, &f->lock->entries[i], &f->lock->entries[i].base);
		want_debs(w, &f->lock->entries[i], &f->lock->entries[i].packages);
	}
	for (size_t i = 0; f->lock->packages && i < f->lock->packages->n; i++)
		want_debs(w, &f->lock->packages->releases[i].entry,
			  &f->lock->packages->releases[i].entry.packages);
	if (w->n)
		qsort(w->v, w->n, sizeof(*w->v), by_digest);
	for (size_t i = 0; i < w->n; i++)
		if (!kept || by_digest(&w->v[kept - 1], &w->v[i]) != 0)
			w->v[kept++] = w->v[i];
	w->n = kept;
	for (size_t i = 0; i < w->n; i++) {
		w->v[i].url = url_of(w->v[i].entry, w->v[i].deb);
		w->v[i].path = kb_format("%s/%s", partial, kb_digest_hex(&w->v[i].deb->sha256));
	}
}

static int check_stored(struct kb_fetch *f, struct wants *w, struct kb_err *err)
{
	uint64_t all = 0, done = 0;

	for (size_t i = 0; i < w->n; i++)
		all += w->v[i].deb->size;
	for (size_t i = 0; i < w->n; i++) {
		const struct kb_deb *deb = w->v[i].deb;
		struct kb_err why;
		int rc = kb_store_check(f->store, &deb->sha256, &why);

		if (rc == KB_E_DAMAGED)
			kb_fetch_say(f, "%s %s: damaged in the store, fetched again", deb->name,
				     deb->version);
		else if (rc < 0 && rc != KB_E_MISSING) {
			if (err)
				*err = why;
			return rc;
		}
		w->v[i].stored = rc == 0;
		if (rc < 0)
			w->total += deb->size;
		done += deb->size;
		if (kb_progress_step(f->progress, "check packages", done, all) ||
		    kb_run_interrupted())
			return kb_err_set(err, KB_E_INTERRUPTED,
					  "stopped; the same command continues");
	}
	return 0;
}

/* ---- curl ---- */

struct watch {
	const struct kb_fetch *f;
	const struct wants *w;
};

static uint64_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int report(void *ctx)
{
	const struct watch *watch = ctx;
	uint64_t done = 0;

	for (size_t i = 0; i < watch->w->n; i++)
		if (!watch->w->v[i].stored)
			done += file_size(watch->w->v[i].path);
	return kb_progress_step(watch->f->progress, "fetch packages",
				done < watch->w->total ? done : watch->w->total - 1,
				watch->w->total);
}

static void add_setting(struct kb_buf *config, const char *name, const char *value)
{
	kb_buf_printf(config, "%s = \"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			kb_buf_putc(config, '\\');
		kb_buf_putc(config, *value);
	}
	kb_buf_puts(config, "\"\n");
}

/* "HTTP PATH" a line: which of them the server did not have. */
static void take_report(struct wants *w, const char *text)
{
	while (*text) {
		char *path;
		unsigned long http = strtoul(text, &path, 10);
		size_t len;

		path += *path == ' ';
		len = strcspn(path, "\n");
		for (size_t i = 0; i < w->n; i++)
			if (strlen(w->v[i].path) == len && strncmp(w->v[i].path, path, len) == 0)
				w->v[i].http = (unsigned)http;
		text = path + len + (path[len] == '\n');
	}
}

static int run_curl(struct kb_fetch *f, struct wants *w, struct kb_err *err)
{
	kb_autoscratch char *scratch = NULL;
	kb_autofree char *path = NULL;
	kb_autobuf struct kb_buf config = KB_BUF_INIT, out = KB_BUF_INIT;
	struct watch watch = {f, w};
	int rc = kb_store_scratch(f->store, &scratch, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].stored)
			continue;
		add_setting(&config, "url", w->v[i].url);
		add_setting(&config, "output", w->v[i].path);
	}
	path = kb_format("%s/curl", scratch);
	rc = kb_file_replace(path, config.data, config.len, 0600, err);
	if (rc == 0) {
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
					    "--parallel",
					    "--parallel-max",
					    "4",
					    "--connect-timeout",
					    "20",
					    "--speed-limit",
					    "512",
					    "--speed-time",
					    "60",
					    "--continue-at",
					    "-",
					    "--write-out",
					    "%{http_code} %{filename_effective}\n",
					    "--config",
					    path,
					    NULL};
		const struct kb_run run = {.argv = argv,
					   .network = true,
					   .out = &out,
					   .out_max = REPORT_MAX,
					   .tick = report,
					   .ctx = &watch};

		rc = kb_run(&run, NULL, err);
	}
	if (out.len)
		take_report(w, out.data);
	return rc;
}

/* ---- into the store ---- */

/* What has come entire enters; what came damaged is thrown away. */
static int adopt(struct kb_fetch *f, struct wants *w, size_t *ret_missing, struct kb_err *err)
{
	*ret_missing = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct want *x = &w->v[i];
		struct kb_err why;
		int rc;

		if (!x->stored && file_size(x->path) >= x->deb->size && x->deb->size) {
			rc = kb_store_adopt(f->store, x->path, &x->deb->sha256, x->deb->size, &why);
			if (rc == KB_E_DAMAGED) {
				kb_fetch_say(f, "%s: %s; fetched again", x->url, why.text);
				unlink(x->path);
			} else if (rc < 0) {
				if (err)
					*err = why;
				return rc;
			} else {
				x->stored = true;
				w->total -= x->deb->size;
				f->n_downloaded++;
				f->bytes_downloaded += x->deb->size;
			}
		}
		*ret_missing += !x->stored;
	}
	return 0;
}

static int explain(const struct wants *w, size_t missing, int rc, struct kb_err *err)
{
	const struct want *gone = NULL, *other = NULL;

	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].stored)
			continue;
		other = &w->v[i];
		if (other->http == 404 || other->http == 410)
			gone = other;
	}
	if (gone)
		return kb_err_set(err, KB_E_DEPENDENCY,
				  "the mirror no longer has %s %s (of %s): %s; run: "
				  "keybuzz-bundle lock --update %s",
				  gone->deb->name, gone->deb->version, gone->entry->name, gone->url,
				  gone->entry->name);
	if (rc < 0)
		return kb_err_wrap(err,
				   "%zu packages could not be fetched; the same command "
				   "continues",
				   missing);
	return kb_err_set(err, KB_E_DAMAGED, "%s came damaged again",
			  other ? other->url : "a package");
}

int kb_fetch_debs(struct kb_fetch *f, struct kb_err *err)
{
	struct wants w __attribute__((cleanup(free_wants))) = {NULL, 0, 0, 0};
	const char *partial;
	size_t missing;
	int rc;

	if ((rc = kb_store_partial(f->store, &partial, err)) < 0)
		return rc;
	collect(f, partial, &w);
	f->n_packages = w.n;
	if ((rc = check_stored(f, &w, err)) < 0 || (rc = adopt(f, &w, &missing, err)) < 0)
		return rc;
	for (int round = 0; missing && round < ROUNDS; round++) {
		struct kb_err why;
		int failed = run_curl(f, &w, &why);

		if (failed == KB_E_INTERRUPTED || failed == KB_E_MISSING) {
			if (err)
				*err = why;
			return failed;
		}
		if ((rc = adopt(f, &w, &missing, err)) < 0)
			return rc;
		if (missing && (failed < 0 || round == ROUNDS - 1)) {
			if (err && failed < 0)
				*err = why;
			return explain(&w, missing, failed, err);
		}
	}
	return 0;
}
