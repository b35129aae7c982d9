#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "builder/cmd.h"
#include "builder/lock_resolve.h"
#include "core/json.h"

struct work {
	const struct kb_builder *b;
	const struct kb_site *site;
	const struct kb_lock *old; /* NULL: none yet */
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

static int lock_all(struct work *w, struct kb_err *err)
{
	kb_autolock struct kb_lock *lock = kb_lock_new(w->site->arch);
	int rc;

	if (w->update && strcmp(w->update, "all") != 0 && !kb_site_image(w->site, w->update))
		return kb_err_set(err, KB_E_USAGE, "--update %s: images.yaml has no such image",
				  w->update);
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
	if (w->check)
		return w->n_changed ? kb_err_set(err, KB_E_INVALID,
						 "%zu of %zu images are outdated; run: "
						 "keybuzz-bundle lock --update all",
						 w->n_changed, w->site->n_images)
				    : 0;
	return kb_lock_save(lock, w->site, err);
}

static void print_result(const struct work *w)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_json j;

	if (!w->b->json) {
		if (!w->check)
			say(w, "%zu image%s, %zu changed: %s/" KB_LOCK_FILE "\n", w->site->n_images,
			    w->site->n_images == 1 ? "" : "s", w->n_changed, w->site->dir);
		else if (!w->n_changed)
			say(w, "%zu image%s, none outdated\n", w->site->n_images,
			    w->site->n_images == 1 ? "" : "s");
		return;
	}
	kb_json_init(&j, &out);
	kb_json_object(&j);
	kb_json_key_u64(&j, "images", w->site->n_images);
	kb_json_key_u64(&j, "changed", w->n_changed);
	kb_json_object_end(&j);
	kb_json_finish(&j);
	printf("%s\n", out.data);
}

static int load_and_lock(struct work *w, struct kb_site *site, struct kb_err *err)
{
	kb_autostore struct kb_store *store = NULL;
	kb_autolock struct kb_lock *old = NULL;
	kb_autofree char *file = kb_format("%s/" KB_LOCK_FILE, site->dir);
	int rc;

	if (access(file, F_OK) == 0 && (rc = kb_lock_load(site, &old, err)) < 0)
		return rc;
	if ((rc = kb_store_open(w->b->store_dir, &store, err)) < 0)
		return rc;
	w->site = site;
	w->old = old;
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
	.help = "Writes SITE/lock/images.yaml. An image whose entry in images.yaml is as it was\n"
		"stays as it is locked, without asking anybody; so locking twice changes nothing.\n"
		"\n"
		"  --update NAME  resolve this image again and leave the others; `all` for all\n"
		"  --check        resolve all, say what is outdated, write nothing; exit 22 if "
		"so\n",
	.run = run,
};
