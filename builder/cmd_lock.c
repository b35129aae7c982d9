#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "builder/cmd.h"
#include "builder/lock_resolve.h"
#include "builder/packages_lock.h"
#include "builder/pinned_lock.h"
#include "core/json.h"

struct work {
	const struct kb_builder *b;
	const struct kb_site *site;
	const struct kb_lock *old;                   /* NULL: none yet */
	const struct kb_packages_lock *old_packages; /* the same */
	const struct kb_pinned_lock *old_pinned;     /* the same */
	struct kb_store *store;
	struct kb_lock_resolver *resolver;
	const char *update; /* a name, "all", or NULL */
	bool check;
	size_t n_changed;
};

static bool same_entry(const struct kb_lock_entry *a, const struct kb_lock_entry *b)
{
	kb_autobuf struct kb_buf x = KB_BUF_INIT, y = KB_BUF_INIT;

	kb_lock_entry_text(a, &x);
	kb_lock_entry_text(b, &y);
	return kb_digest_eq(&a->inputs, &b->inputs) && strcmp(x.data, y.data) == 0;
}

/* One line of what happened to an image, or to its package. */
static void say(const struct work *w, const char *fmt, ...) KB_PRINTF(2, 3);

static void say(const struct work *w, const char *fmt, ...)
{
	va_list ap;

	if (w->b->quiet || w->b->json)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

static void say_packages(const struct work *w, const struct kb_debs *old, const struct kb_debs *new)
{
	for (size_t i = 0; i < new->n; i++) {
		const struct kb_deb *was = kb_debs_find(old, new->v[i].name);

		if (!was)
			say(w, "  + %s %s\n", new->v[i].name, new->v[i].version);
		else if (!kb_digest_eq(&was->sha256, &new->v[i].sha256))
			say(w, "  %s %s -> %s\n", new->v[i].name, was->version, new->v[i].version);
	}
	for (size_t i = 0; i < old->n; i++)
		if (!kb_debs_find(new, old->v[i].name))
			say(w, "  - %s %s\n", old->v[i].name, old->v[i].version);
}

static void say_change(const struct work *w, const struct kb_lock_entry *old,
		       const struct kb_lock_entry *new)
{
	say(w, "%s: %s\n", new->name, !old ? "new" : w->check ? "outdated" : "changed");
	if (!old || old->kind != new->kind)
		return;
	if (new->kind == KB_SOURCE_DEBIAN) {
		say_packages(w, &old->base, &new->base);
		say_packages(w, &old->packages, &new->packages);
	} else if (!kb_digest_eq(&old->config, &new->config)) {
		say(w, "  image %s -> %s\n", kb_digest_hex(&old->config),
		    kb_digest_hex(&new->config));
	}
}

static bool must_resolve(const struct work *w, const struct kb_image_source *source,
			 const struct kb_lock_entry *old)
{
	struct kb_digest inputs;

	if (w->update)
		return strcmp(w->update, "all") == 0 || strcmp(w->update, source->name) == 0;
	if (w->check || !old)
		return true;
	kb_lock_inputs(source, w->site->arch, &inputs);
	return !kb_digest_eq(&inputs, &old->inputs);
}

static int lock_image(struct work *w, const struct kb_image_source *source, struct kb_lock *lock,
		      struct kb_err *err)
{
	const struct kb_lock_entry *old = w->old ? kb_lock_find(w->old, source->name) : NULL;
	struct kb_lock_entry entry;

	if (must_resolve(w, source, old)) {
		int rc;

		if (!w->b->quiet)
			fprintf(stderr, "%s: resolving\n", source->name);
		rc = kb_lock_resolve(w->resolver, source, &entry, err);
		if (rc < 0)
			return rc;
		if (!old || !same_entry(old, &entry)) {
			say_change(w, old, &entry);
			w->n_changed++;
		}
	} else if (old) {
		kb_lock_entry_copy(old, &entry);
	} else {
		return 0; /* --update of another: stays unlocked */
	}
	kb_lock_put(lock, &entry);
	return 0;
}

/* ---- packages.yaml ---- */

static bool same_release(const struct kb_locked_release *a, const struct kb_locked_release *b)
{
	kb_autobuf struct kb_buf x = KB_BUF_INIT, y = KB_BUF_INIT;

	kb_locked_release_text(a, &x);
	kb_locked_release_text(b, &y);
	return kb_digest_eq(&a->entry.inputs, &b->entry.inputs) && strcmp(x.data, y.data) == 0;
}

/* A release that is only declared is resolved when it is named, and kept up to
 * date from then on. */
static bool must_resolve_release(const struct work *w, size_t at,
				 const struct kb_locked_release *old)
{
	const struct kb_target_release *release = &w->site->packages->releases[at];
	struct kb_digest inputs;

	if (w->update && strcmp(w->update, release->name) == 0)
		return true;
	if (release->declared && !old) {
		say(w, "%s: only declared; --update %s locks it\n", release->name, release->name);
		return false;
	}
	if (w->update)
		return strcmp(w->update, "all") == 0;
	if (w->check || !old)
		return true;
	kb_packages_inputs(w->site->packages, at, w->site->arch, &inputs);
	return !kb_digest_eq(&inputs, &old->entry.inputs);
}

static int lock_release(struct work *w, size_t at, struct kb_packages_lock *lock,
			struct kb_err *err)
{
	const char *name = w->site->packages->releases[at].name;
	const struct kb_locked_release *old =
		w->old_packages ? kb_packages_lock_find(w->old_packages, name) : NULL;
	struct kb_locked_release release;

	if (must_resolve_release(w, at, old)) {
		static const struct kb_debs none = {NULL, 0, 0};
		int rc;

		if (!w->b->quiet)
			fprintf(stderr, "packages of %s: resolving\n", name);
		rc = kb_packages_resolve(w->site, at, w->store, &release, err);
		if (rc < 0)
			return rc;
		if (!old || !same_release(old, &release)) {
			say(w, "%s: %s\n", name, !old ? "new" : w->check ? "outdated" : "changed");
			say_packages(w, old ? &old->entry.packages : &none,
				     &release.entry.packages);
			w->n_changed++;
		}
	} else if (old) {
		kb_locked_release_copy(old, &release);
	} else {
		return 0;
	}
	kb_packages_lock_put(lock, &release);
	return 0;
}

static int lock_packages(struct work *w, struct kb_packages_lock *lock, struct kb_err *err)
{
	const struct kb_packages *p = w->site->packages;

	for (size_t i = 0; p && i < p->n_releases; i++) {
		int rc = lock_release(w, i, lock, err);

		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; w->old_packages && i < w->old_packages->n; i++) {
		const char *name = w->old_packages->releases[i].entry.name;

		if (kb_packages_release(p, name) >= 0)
			continue;
		say(w, "%s: %s\n", name, w->check ? "no longer in " KB_PACKAGES_FILE : "removed");
		w->n_changed++;
	}
	return 0;
}

/* ---- files.yaml ---- */

static bool must_resolve_file(const struct work *w, const struct kb_pinned *file,
			      const struct kb_pinned_entry *old)
{
	struct kb_digest inputs;

	if (w->update)
		return strcmp(w->update, "all") == 0 || strcmp(w->update, file->name) == 0;
	kb_pinned_inputs(file, &inputs);
	return w->check || !old || !kb_digest_eq(&inputs, &old->inputs);
}

static int lock_file(struct work *w, const struct kb_pinned *file, struct kb_pinned_lock *lock,
		     struct kb_err *err)
{
	const struct kb_pinned_entry *old = kb_pinned_lock_find(w->old_pinned, file->name);
	struct kb_digest inputs, sha256;
	int rc;

	if (!must_resolve_file(w, file, old)) {
		if (old)
			kb_pinned_lock_put(lock, old->name, old->licence, &old->inputs,
					   &old->sha256);
		return 0;
	}
	if (!w->b->quiet)
		fprintf(stderr, "file %s: resolving\n", file->name);
	rc = kb_pinned_resolve(w->site, file, w->store, &sha256, err);
	if (rc < 0)
		return rc;
	kb_pinned_inputs(file, &inputs);
	kb_pinned_lock_put(lock, file->name, file->licence, &inputs, &sha256);
	if (old && kb_digest_eq(&old->sha256, &sha256) && kb_digest_eq(&old->inputs, &inputs))
		return 0;
	w->n_changed++;
	say(w, "%s: %s\n", file->name, !old ? "new" : w->check ? "outdated" : "changed");
	if (old)
		say(w, "  sha256 %s", kb_digest_hex(&old->sha256));
	say(w, "%s%s\n", old ? " -> " : "  sha256 ", kb_digest_hex(&sha256));
	return 0;
}

static int lock_files(struct work *w, struct kb_pinned_lock *lock, struct kb_err *err)
{
	const struct kb_pinned_files *files = w->site->pinned;
	int rc = 0;

	for (size_t i = 0; files && i < files->n && rc == 0; i++)
		rc = lock_file(w, &files->v[i], lock, err);
	for (size_t i = 0; w->old_pinned && i < w->old_pinned->n; i++) {
		const char *name = w->old_pinned->v[i].name;

		if (kb_pinned_find(files, name))
			continue;
		say(w, "%s: %s\n", name, w->check ? "no longer in " KB_PINNED_FILE : "removed");
		w->n_changed++;
	}
	return rc;
}

/* ---- all of it ---- */

static int check_update(const struct work *w, struct kb_err *err)
{
	if (!w->update || strcmp(w->update, "all") == 0 || kb_site_image(w->site, w->update) ||
	    kb_packages_release(w->site->packages, w->update) >= 0 ||
	    kb_pinned_find(w->site->pinned, w->update))
		return 0;
	return kb_err_set(err, KB_E_USAGE, "--update %s: %s has no such %s", w->update,
			  w->site->packages ? "neither images.yaml nor " KB_PACKAGES_FILE
					    : "images.yaml",
			  w->site->packages ? "name" : "image");
}

static size_t count_entries(const struct kb_site *site)
{
	return site->n_images + (site->packages ? site->packages->n_releases : 0) +
	       (site->pinned ? site->pinned->n : 0);
}

static int lock_all(struct work *w, struct kb_err *err)
{
	kb_autolock struct kb_lock *lock = kb_lock_new(w->site->arch);
	kb_autopackageslock struct kb_packages_lock *packages = kb_packages_lock_new(w->site->arch);
	kb_autopinnedlock struct kb_pinned_lock *pinned = kb_alloc(1, sizeof(*pinned));
	int rc;

	if ((rc = check_update(w, err)) < 0)
		return rc;
	for (size_t i = 0; i < w->site->n_images; i++)
		if ((rc = lock_image(w, &w->site->images[i], lock, err)) < 0)
			return rc;
	for (size_t i = 0; w->old && i < w->old->n; i++) {
		const struct kb_lock_entry *old = &w->old->entries[i];

		if (kb_site_image(w->site, old->name))
			continue;
		say(w, "%s: %s\n", old->name, w->check ? "no longer in images.yaml" : "removed");
		w->n_changed++;
	}
	if ((rc = lock_packages(w, packages, err)) < 0 || (rc = lock_files(w, pinned, err)) < 0)
		return rc;
	if (w->check)
		return w->n_changed ? kb_err_set(err, KB_E_INVALID,
						 "%zu of %zu %s are outdated; run: "
						 "keybuzz-bundle lock --update all",
						 w->n_changed, count_entries(w->site),
						 w->site->pinned     ? "images, releases and files"
						 : w->site->packages ? "images and releases"
								     : "images")
				    : 0;
	rc = kb_lock_save(lock, w->site, err);
	if (rc == 0 && w->site->packages)
		rc = kb_packages_lock_save(packages, w->site, err);
	if (rc == 0 && w->site->pinned)
		rc = kb_pinned_lock_save(pinned, w->site, err);
	return rc;
}

/* "2 images", "2 images, 1 release" */
static void add_counts(const struct kb_site *site, struct kb_buf *out)
{
	kb_buf_printf(out, "%zu image%s", site->n_images, site->n_images == 1 ? "" : "s");
	if (site->packages)
		kb_buf_printf(out, ", %zu release%s", site->packages->n_releases,
			      site->packages->n_releases == 1 ? "" : "s");
	if (site->pinned)
		kb_buf_printf(out, ", %zu file%s", site->pinned->n,
			      site->pinned->n == 1 ? "" : "s");
}

static void print_result(const struct work *w)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT, counts = KB_BUF_INIT;
	struct kb_json j;

	if (!w->b->json) {
		add_counts(w->site, &counts);
		if (!w->check)
			say(w, "%s, %zu changed: %s/%s\n", counts.data, w->n_changed, w->site->dir,
			    w->site->packages || w->site->pinned ? "lock" : KB_LOCK_FILE);
		else if (!w->n_changed)
			say(w, "%s, none outdated\n", counts.data);
		return;
	}
	kb_json_init(&j, &out);
	kb_json_object(&j);
	kb_json_key_u64(&j, "images", w->site->n_images);
	if (w->site->packages)
		kb_json_key_u64(&j, "releases", w->site->packages->n_releases);
	if (w->site->pinned)
		kb_json_key_u64(&j, "files", w->site->pinned->n);
	kb_json_key_u64(&j, "changed", w->n_changed);
	kb_json_object_end(&j);
	kb_json_finish(&j);
	printf("%s\n", out.data);
}

static int load_and_lock(struct work *w, struct kb_site *site, struct kb_err *err)
{
	kb_autostore struct kb_store *store = NULL;
	kb_autolock struct kb_lock *old = NULL;
	kb_autopackageslock struct kb_packages_lock *old_packages = NULL;
	kb_autopinnedlock struct kb_pinned_lock *old_pinned = NULL;
	kb_autofree char *pinned = kb_format("%s/" KB_PINNED_LOCK_FILE, site->dir);
	kb_autofree char *file = kb_format("%s/" KB_LOCK_FILE, site->dir);
	kb_autofree char *packages = kb_format("%s/" KB_PACKAGES_LOCK_FILE, site->dir);
	int rc;

	if (access(file, F_OK) == 0 && (rc = kb_lock_load_images(site, &old, err)) < 0)
		return rc;
	if (site->packages && access(packages, F_OK) == 0 &&
	    (rc = kb_packages_lock_load(site, &old_packages, err)) < 0)
		return rc;
	if (site->pinned && access(pinned, F_OK) == 0 &&
	    (rc = kb_pinned_lock_load(site, &old_pinned, err)) < 0)
		return rc;
	if ((rc = kb_store_open(w->b->store_dir, &store, err)) < 0)
		return rc;
	w->old_pinned = old_pinned;
	w->site = site;
	w->old = old;
	w->old_packages = old_packages;
	w->store = store;
	w->resolver = kb_lock_resolver_new(site, store);
	rc = lock_all(w, err);
	kb_lock_resolver_free(w->resolver);
	if (rc == 0 || w->check)
		print_result(w);
	return rc;
}

static int run(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	struct work w = {.b = b};
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	struct kb_site *site = NULL;
	int rc;

	w.update = kb_args_option(args, "update", 0, NULL);
	w.check = kb_args_flag(args, "check", 0);
	rc = kb_args_end(args, err);
	if (rc < 0)
		return rc;
	rc = kb_site_load(b->site_dir, &site, &diag, err);
	kb_diag_print(&diag, stderr);
	if (rc == 0)
		rc = load_and_lock(&w, site, err);
	kb_site_free(site);
	return rc;
}

const struct kb_cmd cmd_lock = {
	.name = "lock",
	.summary = "resolve names to digests (needs the network)",
	.usage = "lock [--update NAME|all] [--check]",
	.help = "Writes SITE/lock/images.yaml, and lock/packages.yaml where the site has a\n"
		"packages.yaml, lock/files.yaml where it has a files.yaml. What is as it was there "
		"stays as it is locked, without asking\n"
		"anybody; so locking twice changes nothing.\n"
		"\n"
		"  --update NAME  resolve this image, this release's packages or this file\n"
		"                 again and leave the others; `all` for all\n"
		"  --check        resolve all, say what is outdated, write nothing; exit 22 if "
		"so\n",
	.run = run,
};
