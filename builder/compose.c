#include "builder/compose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/image.h"
#include "builder/lock_entry.h"
#include "builder/packages_carry.h"
#include "builder/pinned_lock.h"
#include "core/chunk.h"
#include "core/file.h"
#include "core/format.h"
#include "core/packages.h"
#include "core/value.h"

struct compose {
	const struct kb_site *site;
	const struct kb_lock *lock;
	struct kb_store *store;
	const struct kb_role *role;
	struct kb_carried carried;
	struct kb_manifest *m;
	size_t cap_blobs, cap_files;
};

static void set(char **field, const char *value)
{
	free(*field);
	*field = kb_strdup(value);
}

static char **copy_strings(char *const *v, size_t n)
{
	char **copy = kb_alloc(n, sizeof(*copy));

	for (size_t i = 0; i < n; i++)
		copy[i] = kb_strdup(v[i]);
	return copy;
}

static void compose_release(struct compose *c)
{
	const struct kb_site *site = c->site;
	const struct kb_role *role = c->role;
	struct kb_manifest *m = c->m;

	set(&m->product, site->product);
	set(&m->role, role->name);
	set(&m->version, site->version);
	set(&m->channel, site->channel);
	set(&m->arch, site->arch);
	set(&m->summary, role->summary);
	m->epoch = site->epoch;
	m->counter = site->counter;
	m->not_before = site->not_before;
	m->not_after = site->not_after;
	m->n_os = site->n_os;
	m->os = kb_alloc(site->n_os, sizeof(*m->os));
	for (size_t i = 0; i < site->n_os; i++) {
		m->os[i].id = kb_strdup(site->os[i].id);
		m->os[i].min = kb_strdup(site->os[i].min);
		m->os[i].max = kb_strdup(site->os[i].max);
	}
}

/* The role's, and what the host cannot know of the site otherwise. */
static struct kb_value *compose_variables(const struct kb_site *site, const struct kb_role *role)
{
	struct kb_value *all = kb_value_map(), *more = kb_value_map();

	for (size_t i = 0; i < kb_value_count(role->variables); i++) {
		const char *key = kb_value_key(role->variables, i);

		kb_value_set(all, key,
			     kb_value_ref((struct kb_value *)(uintptr_t)kb_value_at(role->variables,
										    i)));
	}
	kb_value_set(more, "network", kb_value_text(site->network));
	kb_value_set(all, "site", more);
	return all;
}

static void compose_needs(struct compose *c)
{
	const struct kb_role *role = c->role;
	struct kb_manifest *m = c->m;

	set(&m->select_role, role->select_role);
	set(&m->select_subrole, role->select_subrole);
	set(&m->select_stack, role->select_stack);
	m->hosts_min = role->hosts_min;
	m->hosts_odd = role->hosts_odd;
	set(&m->engine, role->engine);
	m->memory_mib = role->memory_mib;
	m->n_ports = role->n_ports;
	m->ports = kb_alloc(role->n_ports, sizeof(*m->ports));
	if (role->n_ports)
		memcpy(m->ports, role->ports, role->n_ports * sizeof(*m->ports));
	m->n_credentials = role->n_credentials;
	m->credentials = kb_alloc(role->n_credentials, sizeof(*m->credentials));
	for (size_t i = 0; i < role->n_credentials; i++)
		kb_credential_copy(&m->credentials[i], &role->credentials[i]);
	kb_value_free(m->variables);
	m->variables = compose_variables(c->site, role);
}

/* Names of releases that are not carried yet fall out; "-NAME", what may be
 * removed, stays. */
static void choose_packages(const struct compose *c, struct kb_step *step)
{
	size_t kept = 0;

	for (size_t i = 0; i < step->n_args; i++) {
		if (step->args[i][0] == '-' || kb_carried_has(&c->carried, step->args[i]))
			step->args[kept++] = step->args[i];
		else
			free(step->args[i]);
	}
	step->n_args = kept;
}

static void compose_steps(struct compose *c)
{
	const struct kb_role *role = c->role;
	struct kb_manifest *m = c->m;

	m->n_steps = role->n_steps;
	m->steps = kb_alloc(role->n_steps, sizeof(*m->steps));
	for (size_t i = 0; i < role->n_steps; i++) {
		const struct kb_step *from = &role->steps[i];

		m->steps[i] = *from;
		m->steps[i].id = kb_strdup(from->id);
		m->steps[i].source = kb_strdup(from->source);
		m->steps[i].target = kb_strdup(from->target);
		m->steps[i].args = copy_strings(from->args, from->n_args);
		m->steps[i].watch = copy_strings(from->watch, from->n_watch);
		if (from->kind == KB_STEP_PACKAGES)
			choose_packages(c, &m->steps[i]);
	}
}

/* Blobs are gathered unsorted and refer to each other by digest; indices are
 * made when all are known. */
static void add_blob(struct compose *c, const struct kb_digest *digest, uint64_t size)
{
	for (size_t i = 0; i < c->m->n_blobs; i++)
		if (kb_digest_eq(&c->m->blobs[i].digest, digest))
			return;
	c->m->blobs = kb_grow(c->m->blobs, c->m->n_blobs, &c->cap_blobs, sizeof(*c->m->blobs));
	memset(&c->m->blobs[c->m->n_blobs], 0, sizeof(*c->m->blobs));
	c->m->blobs[c->m->n_blobs].digest = *digest;
	c->m->blobs[c->m->n_blobs++].size = size;
}

struct named_digest {
	char *path;
	struct kb_digest digest;
	uint16_t mode; /* 0: 0644 */
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct named_digest *)a)->path,
		      ((const struct named_digest *)b)->path);
}

static int by_digest(const void *a, const void *b)
{
	return kb_digest_cmp(&((const struct kb_blob *)a)->digest,
			     &((const struct kb_blob *)b)->digest);
}

/* It is in the store since it was fetched. */
static int store_pinned(struct compose *c, const struct kb_pinned *pinned,
			struct named_digest *ret_file, struct kb_err *err)
{
	const struct kb_pinned_entry *entry = kb_pinned_lock_find(c->lock->pinned, pinned->name);
	uint64_t size;

	if (!entry || !kb_store_has(c->store, &entry->sha256, &size))
		return kb_err_set(err, KB_E_MISSING,
				  "file %s is not in the store; run: keybuzz-bundle fetch",
				  pinned->name);
	if (size > KB_PINNED_MAX)
		return kb_err_set(err, KB_E_INVALID, "file %s has %llu bytes, at most %llu",
				  pinned->name, (unsigned long long)size,
				  (unsigned long long)KB_PINNED_MAX);
	add_blob(c, &entry->sha256, size);
	ret_file->digest = entry->sha256;
	ret_file->mode = pinned->mode;
	ret_file->path = kb_format(KB_PINNED_FOLDER "%s", pinned->name);
	return 0;
}

static int store_file(struct compose *c, const char *path, struct named_digest *ret_file,
		      struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	const struct kb_pinned *pinned = kb_pinned_of_path(c->site->pinned, path);
	int rc;

	if (pinned)
		return store_pinned(c, pinned, ret_file, err);
	rc = kb_site_payload_read(c->site, path, &text, err);

	if (rc == 0)
		rc = kb_store_put(c->store, text.data, text.len, &ret_file->digest, err);
	if (rc < 0)
		return rc;
	add_blob(c, &ret_file->digest, text.len);
	ret_file->path = kb_strdup(path);
	return 0;
}

static int store_inventory(struct compose *c, struct named_digest *ret_file, struct kb_err *err)
{
	const struct kb_buf *text = &c->site->inventory_text;
	int rc = kb_store_put(c->store, text->data, text->len, &ret_file->digest, err);

	if (rc < 0)
		return rc;
	add_blob(c, &ret_file->digest, text->len);
	ret_file->path = kb_strdup(KB_INVENTORY_FILE);
	return 0;
}

static int store_index(struct compose *c, const struct kb_carried_release *release,
		       struct named_digest *ret_file, struct kb_err *err)
{
	int rc = kb_store_put(c->store, release->index.data, release->index.len, &ret_file->digest,
			      err);

	if (rc < 0)
		return rc;
	add_blob(c, &ret_file->digest, release->index.len);
	ret_file->path = kb_format(KB_PACKAGES_INDEX, release->name);
	return 0;
}

static int gather_files(struct compose *c, struct named_digest **ret_files, size_t *ret_n,
			struct kb_err *err)
{
	size_t own = c->role->files.n, n = 1 + own + c->carried.n;
	struct named_digest *files = kb_alloc(n, sizeof(*files));
	int rc = store_inventory(c, &files[0], err);

	for (size_t i = 0; rc == 0 && i < own; i++)
		rc = store_file(c, c->role->files.v[i], &files[1 + i], err);
	for (size_t i = 0; rc == 0 && i < c->carried.n; i++)
		rc = store_index(c, &c->carried.releases[i], &files[1 + own + i], err);
	if (rc == 0)
		qsort(files, n, sizeof(*files), by_path);
	*ret_files = files;
	*ret_n = n;
	return rc;
}

static int gather_images(struct compose *c, struct kb_image_content *contents, struct kb_err *err)
{
	for (size_t i = 0; i < c->role->images.n; i++) {
		const struct kb_image_source *source = kb_site_image(c->site, c->role->images.v[i]);
		uint64_t size = 0;
		int rc = kb_image_resolve(c->lock, c->store, source, &contents[i], err);

		if (rc < 0)
			return rc;
		if (!kb_store_has(c->store, &contents[i].config, &size))
			return kb_err_set(err, KB_E_MISSING,
					  "image %s: its config is not in the store; run "
					  "keybuzz-bundle fetch",
					  source->name);
		add_blob(c, &contents[i].config, size);
		for (size_t j = 0; j < contents[i].n_layers; j++)
			add_blob(c, &contents[i].layers[j], contents[i].sizes[j]);
	}
	return 0;
}

static void gather_packages(struct compose *c)
{
	for (size_t i = 0; i < c->carried.n; i++)
		for (size_t j = 0; j < c->carried.releases[i].n; j++)
			add_blob(c, &c->carried.releases[i].debs[j]->sha256,
				 c->carried.releases[i].debs[j]->size);
}

static void place_packages(struct compose *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->carried.n; i++)
		n += c->carried.releases[i].n;
	c->m->packages = kb_alloc(n, sizeof(*c->m->packages));
	for (size_t i = 0; i < c->carried.n; i++) {
		const struct kb_carried_release *release = &c->carried.releases[i];

		for (size_t j = 0; j < release->n; j++) {
			struct kb_package *package = &c->m->packages[c->m->n_packages++];
			const struct kb_deb *deb = release->debs[j];

			package->release = kb_strdup(release->name);
			package->name = kb_strdup(deb->name);
			package->version = kb_strdup(deb->version);
			package->arch = kb_strdup(deb->arch);
			package->blob = (uint32_t)kb_manifest_blob(c->m, &deb->sha256);
		}
	}
}

static void place_files(struct compose *c, const struct named_digest *files, size_t n)
{
	c->m->files = kb_alloc(n, sizeof(*c->m->files));
	c->m->n_files = n;
	for (size_t i = 0; i < n; i++) {
		c->m->files[i].path = kb_strdup(files[i].path);
		c->m->files[i].mode = files[i].mode ? files[i].mode : 0644;
		c->m->files[i].blob = (uint32_t)kb_manifest_blob(c->m, &files[i].digest);
	}
}

static char *reference_of(const struct kb_image_source *source, const struct kb_digest *config)
{
	if (*source->tag)
		return kb_strdup(source->tag);
	return kb_format("keybuzz/%s:%.12s", source->name, kb_digest_hex(config));
}

static void place_images(struct compose *c, const struct kb_image_content *contents)
{
	size_t n = c->role->images.n;

	c->m->images = kb_alloc(n, sizeof(*c->m->images));
	c->m->n_images = n;
	for (size_t i = 0; i < n; i++) {
		const struct kb_image_content *from = &contents[i];
		struct kb_image *image = &c->m->images[i];

		image->name = kb_strdup(c->role->images.v[i]);
		image->reference = reference_of(kb_site_image(c->site, image->name), &from->config);
		image->origin = kb_strdup(from->origin);
		image->config = (uint32_t)kb_manifest_blob(c->m, &from->config);
		image->n_layers = from->n_layers;
		image->layers = kb_alloc(from->n_layers, sizeof(*image->layers));
		for (size_t j = 0; j < from->n_layers; j++)
			image->layers[j] = (uint32_t)kb_manifest_blob(c->m, &from->layers[j]);
	}
}

static int compose_content(struct compose *c, struct kb_err *err)
{
	size_t n_images = c->role->images.n, n_files = 0;
	struct kb_image_content *contents = kb_alloc(n_images, sizeof(*contents));
	struct named_digest *files = NULL;
	int rc = gather_files(c, &files, &n_files, err);

	if (rc == 0)
		rc = gather_images(c, contents, err);
	if (rc == 0) {
		gather_packages(c);
		if (c->m->n_blobs)
			qsort(c->m->blobs, c->m->n_blobs, sizeof(*c->m->blobs), by_digest);
		place_files(c, files, n_files);
		place_images(c, contents);
		place_packages(c);
	}
	for (size_t i = 0; i < n_files; i++)
		free(files[i].path);
	free(files);
	for (size_t i = 0; i < n_images; i++)
		kb_image_content_free(&contents[i]);
	free(contents);
	return rc;
}

int kb_compose(const struct kb_site *site, const struct kb_lock *lock, struct kb_store *store,
	       const struct kb_role *role, struct kb_manifest **ret_manifest, struct kb_err *err)
{
	struct compose c = {
		.site = site, .lock = lock, .store = store, .role = role, .m = kb_manifest_new()};
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	int rc;

	compose_release(&c);
	compose_needs(&c);
	rc = kb_carried_make(site, lock->packages, store, role, &c.carried, err);
	if (rc == 0) {
		compose_steps(&c);
		rc = compose_content(&c, err);
	}
	kb_carried_free(&c.carried);
	if (rc < 0) {
		kb_manifest_free(c.m);
		return kb_err_wrap(err, "role %s", role->name);
	}
	kb_manifest_write(c.m, &bytes); /* for content_id */
	*ret_manifest = c.m;
	return 0;
}

void kb_release_set(struct kb_manifest *const *manifests, size_t n, struct kb_digest *ret_id)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	for (size_t i = 0; i < n; i++)
		kb_buf_printf(&text, "%s %s\n", manifests[i]->role,
			      kb_digest_hex(&manifests[i]->content_id));
	kb_digest_of(text.data, text.len, ret_id);
}
