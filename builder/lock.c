#include "builder/lock.h"

#include <stdlib.h>
#include <string.h>

#include "builder/lock_change.h"
#include "builder/lock_fields.h"
#include "builder/packages_lock.h"
#include "builder/pinned_lock.h"
#include "core/file.h"

/* ---- packages ---- */

struct kb_deb *kb_debs_add(struct kb_debs *debs)
{
	struct kb_deb *deb;

	debs->v = kb_grow(debs->v, debs->n, &debs->cap, sizeof(*debs->v));
	deb = &debs->v[debs->n++];
	memset(deb, 0, sizeof(*deb));
	return deb;
}

static int by_package(const void *a, const void *b)
{
	const struct kb_deb *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->arch, y->arch);
}

void kb_debs_sort(struct kb_debs *debs)
{
	if (debs->n)
		qsort(debs->v, debs->n, sizeof(*debs->v), by_package);
}

void kb_debs_free(struct kb_debs *debs)
{
	for (size_t i = 0; i < debs->n; i++) {
		free(debs->v[i].name);
		free(debs->v[i].version);
		free(debs->v[i].arch);
		free(debs->v[i].path);
	}
	free(debs->v);
	memset(debs, 0, sizeof(*debs));
}

const struct kb_deb *kb_debs_find(const struct kb_debs *debs, const char *name)
{
	for (size_t i = 0; i < debs->n; i++)
		if (strcmp(debs->v[i].name, name) == 0)
			return &debs->v[i];
	return NULL;
}

static void copy_debs(const struct kb_debs *from, struct kb_debs *to)
{
	for (size_t i = 0; i < from->n; i++) {
		struct kb_deb *deb = kb_debs_add(to);

		*deb = from->v[i];
		deb->name = kb_strdup(deb->name);
		deb->version = kb_strdup(deb->version);
		deb->arch = kb_strdup(deb->arch);
		deb->path = kb_strdup(deb->path);
	}
}

/* ---- entries ---- */

void kb_lock_entry_free(struct kb_lock_entry *entry)
{
	kb_debs_free(&entry->base);
	kb_debs_free(&entry->packages);
	free(entry->name);
	free(entry->suite);
	free(entry->mirror);
	free(entry->security);
	free(entry->reference);
	memset(entry, 0, sizeof(*entry));
}

static char *copy_text(const char *text)
{
	return text ? kb_strdup(text) : NULL;
}

void kb_lock_entry_copy(const struct kb_lock_entry *from, struct kb_lock_entry *ret_entry)
{
	*ret_entry = *from;
	ret_entry->name = copy_text(from->name);
	ret_entry->suite = copy_text(from->suite);
	ret_entry->mirror = copy_text(from->mirror);
	ret_entry->security = copy_text(from->security);
	ret_entry->reference = copy_text(from->reference);
	memset(&ret_entry->base, 0, sizeof(ret_entry->base));
	memset(&ret_entry->packages, 0, sizeof(ret_entry->packages));
	copy_debs(&from->base, &ret_entry->base);
	copy_debs(&from->packages, &ret_entry->packages);
}

struct kb_lock *kb_lock_new(const char *arch)
{
	struct kb_lock *lock = kb_alloc(1, sizeof(*lock));

	lock->arch = kb_strdup(arch);
	return lock;
}

void kb_lock_free(struct kb_lock *lock)
{
	if (!lock)
		return;
	for (size_t i = 0; i < lock->n; i++)
		kb_lock_entry_free(&lock->entries[i]);
	free(lock->entries);
	kb_packages_lock_free(lock->packages);
	kb_pinned_lock_free(lock->pinned);
	free(lock->arch);
	free(lock);
}

void kb_lock_cleanup(struct kb_lock **lock)
{
	kb_lock_free(*lock);
}

const struct kb_lock_entry *kb_lock_find(const struct kb_lock *lock, const char *name)
{
	for (size_t i = 0; i < lock->n; i++)
		if (strcmp(lock->entries[i].name, name) == 0)
			return &lock->entries[i];
	return NULL;
}

void kb_lock_put(struct kb_lock *lock, struct kb_lock_entry *entry)
{
	size_t at = 0;

	while (at < lock->n && strcmp(lock->entries[at].name, entry->name) < 0)
		at++;
	if (at < lock->n && strcmp(lock->entries[at].name, entry->name) == 0) {
		kb_lock_entry_free(&lock->entries[at]);
	} else {
		lock->entries = kb_grow(lock->entries, lock->n, &lock->cap, sizeof(*lock->entries));
		memmove(&lock->entries[at + 1], &lock->entries[at],
			(lock->n - at) * sizeof(*lock->entries));
		lock->n++;
	}
	lock->entries[at] = *entry;
	memset(entry, 0, sizeof(*entry));
}

/* ---- inputs ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void kb_lock_add_words(struct kb_buf *buf, const char *what, const struct kb_strings *words)
{
	kb_autofree char **sorted = kb_alloc(words->n, sizeof(*sorted));

	for (size_t i = 0; i < words->n; i++)
		sorted[i] = words->v[i];
	if (words->n)
		qsort(sorted, words->n, sizeof(*sorted), by_text);
	for (size_t i = 0; i < words->n; i++)
		kb_buf_printf(buf, "%s %s\n", what, sorted[i]);
}

void kb_lock_inputs(const struct kb_image_source *source, const char *arch,
		    struct kb_digest *ret_inputs)
{
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;

	kb_buf_printf(&buf, "inputs 1\narch %s\n", arch);
	switch (source->kind) {
	case KB_SOURCE_DEBIAN:
		kb_buf_printf(&buf, "debian %s\nmirror %s\n", source->suite, source->mirror);
		kb_lock_add_words(&buf, "base", &source->base);
		kb_lock_add_words(&buf, "package", &source->packages);
		break;
	case KB_SOURCE_REGISTRY: kb_buf_printf(&buf, "registry %s\n", source->reference); break;
	case KB_SOURCE_ARCHIVE:
		kb_buf_printf(&buf, "archive %s\nsha256 %s\ntag %s\n", source->reference,
			      source->sha256, source->tag);
		break;
	case KB_SOURCE_OCI:
		kb_buf_printf(&buf, "oci %s\ntag %s\n", source->reference, source->tag);
		break;
	}
	kb_digest_of(buf.data, buf.len, ret_inputs);
}

static void report_change(const struct kb_image_source *source, const struct kb_lock_entry *entry,
			  struct kb_diag *diag)
{
	kb_autofree char *change = kb_lock_change(source, entry);

	kb_diag_add(diag, source->pos.file, source->pos.line, source->pos.column,
		    "image %s was changed after it was locked%s; run: keybuzz-bundle lock",
		    source->name, change);
}

int kb_lock_compare(const struct kb_lock *lock, const struct kb_site *site, struct kb_diag *diag,
		    struct kb_err *err)
{
	kb_autofree char *file = kb_format("%s/" KB_LOCK_FILE, site->dir);
	size_t before = kb_diag_count(diag);

	for (size_t i = 0; i < site->n_images; i++) {
		const struct kb_image_source *source = &site->images[i];
		const struct kb_lock_entry *entry = kb_lock_find(lock, source->name);
		struct kb_digest inputs;

		kb_lock_inputs(source, site->arch, &inputs);
		if (!entry)
			kb_diag_add(diag, source->pos.file, source->pos.line, source->pos.column,
				    "image %s is not locked; run: keybuzz-bundle lock",
				    source->name);
		else if (!kb_digest_eq(&inputs, &entry->inputs))
			report_change(source, entry, diag);
	}
	for (size_t i = 0; i < lock->n; i++)
		if (!kb_site_image(site, lock->entries[i].name))
			kb_diag_add(diag, file, lock->entries[i].line, 3,
				    "image %s is locked but not in images.yaml; run: "
				    "keybuzz-bundle lock",
				    lock->entries[i].name);
	if (site->packages && lock->packages)
		kb_packages_lock_compare(lock->packages, site, diag);
	if (site->pinned && lock->pinned)
		kb_pinned_lock_compare(lock->pinned, site, diag);
	return kb_diag_result(diag, before, KB_E_INVALID, err);
}

/* ---- writing ---- */

void kb_debs_text(const struct kb_debs *debs, const char *indent, struct kb_buf *buf)
{
	for (size_t i = 0; i < debs->n; i++) {
		const struct kb_deb *d = &debs->v[i];

		kb_buf_printf(buf, "%s- %s %s %s %llu %s %s%s\n", indent, d->name, d->version,
			      d->arch, (unsigned long long)d->size, kb_digest_hex(&d->sha256),
			      d->security ? "security:" : "", d->path);
	}
}

static void add_debs(struct kb_buf *buf, const char *key, const struct kb_debs *debs)
{
	kb_buf_printf(buf, "      %s:%s\n", key, debs->n ? "" : " []");
	kb_debs_text(debs, "        ", buf);
}

static void add_digest(struct kb_buf *buf, const char *key, const struct kb_digest *digest)
{
	kb_buf_printf(buf, "      %s: %s\n", key, kb_digest_hex(digest));
}

/* Text of an author inside double quotes. */
void kb_lock_add_quoted(struct kb_buf *buf, const char *indent, const char *key, const char *text)
{
	kb_buf_printf(buf, "%s%s: \"", indent, key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			kb_buf_putc(buf, '\\');
		kb_buf_putc(buf, *text);
	}
	kb_buf_puts(buf, "\"\n");
}

void kb_lock_entry_text(const struct kb_lock_entry *e, struct kb_buf *buf)
{
	static const char *const kinds[] = {"", "debian", "registry", "archive", "oci"};

	kb_buf_printf(buf, "    %s:\n", kinds[e->kind]);
	if (e->kind == KB_SOURCE_DEBIAN) {
		kb_buf_printf(buf, "      suite: %s\n", e->suite);
		kb_lock_add_quoted(buf, "      ", "mirror", e->mirror);
		if (*e->security)
			kb_lock_add_quoted(buf, "      ", "security", e->security);
		add_debs(buf, "base", &e->base);
		add_debs(buf, "packages", &e->packages);
		return;
	}
	kb_lock_add_quoted(buf, "      ", e->kind == KB_SOURCE_REGISTRY ? "reference" : "path",
			   e->reference);
	if (e->kind == KB_SOURCE_ARCHIVE)
		add_digest(buf, "sha256", &e->file);
	if (e->has_index)
		add_digest(buf, "index", &e->index);
	if (e->has_manifest)
		add_digest(buf, "manifest", &e->manifest);
	add_digest(buf, "image", &e->config);
}

void kb_lock_text(const struct kb_lock *lock, struct kb_buf *buf)
{
	kb_buf_puts(
		buf,
		"# What the names of images.yaml resolved to. Written by `keybuzz-bundle lock`:\n"
		"# review it and commit it with a release, but change images.yaml, not this.\n"
		"# `inputs` is the digest of what an image's entry there said; packages are\n"
		"# NAME VERSION ARCHITECTURE SIZE SHA256 PATH (below the mirror).\n");
	kb_buf_printf(buf, "arch: %s\nimages:%s\n", lock->arch, lock->n ? "" : " {}");
	for (size_t i = 0; i < lock->n; i++) {
		kb_buf_printf(buf, "  %s:\n    inputs: %s\n", lock->entries[i].name,
			      kb_digest_hex(&lock->entries[i].inputs));
		kb_lock_entry_text(&lock->entries[i], buf);
	}
}

int kb_lock_save(const struct kb_lock *lock, const struct kb_site *site, struct kb_err *err)
{
	kb_autofree char *dir = kb_format("%s/lock", site->dir);
	kb_autofree char *path = kb_format("%s/" KB_LOCK_FILE, site->dir);
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	int rc = kb_mkdirs(dir, 0755, err);

	if (rc < 0)
		return rc;
	kb_lock_text(lock, &text);
	return kb_file_replace(path, text.data, text.len, 0644, err);
}
