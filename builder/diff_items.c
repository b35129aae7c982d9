#include "builder/diff_items.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/value.h"

const char *kb_diff_section_name(int section)
{
	static const char *const names[] = {"release", "needs",    "privileges", "files",
					    "images",  "packages", "steps",      "storage"};

	return names[section];
}

/* The item of that name, made when there is none. NAME is taken over. */
static struct kb_diff_item *item(struct kb_diff_items *items, char *name)
{
	for (size_t i = 0; i < items->n; i++)
		if (strcmp(items->v[i].name, name) == 0) {
			free(name);
			return &items->v[i];
		}
	items->v = kb_grow(items->v, items->n, &items->cap, sizeof(*items->v));
	items->v[items->n] = (struct kb_diff_item){.name = name, .blob = KB_DIFF_NO_BLOB};
	return &items->v[items->n++];
}

/* For lists whose names are known to differ: files may be many. */
static struct kb_diff_item *new_item(struct kb_diff_items *items, char *name)
{
	items->v = kb_grow(items->v, items->n, &items->cap, sizeof(*items->v));
	items->v[items->n] = (struct kb_diff_item){.name = name, .blob = KB_DIFF_NO_BLOB};
	return &items->v[items->n++];
}

static struct kb_diff_value *take_field(struct kb_diff_item *it, const char *name, char *value)
{
	it->values = kb_grow(it->values, it->n, &it->cap, sizeof(*it->values));
	it->values[it->n] = (struct kb_diff_value){kb_strdup(name), value, false};
	return &it->values[it->n++];
}

static void field(struct kb_diff_item *it, const char *name, const char *value)
{
	if (value && *value)
		take_field(it, name, kb_strdup(value));
}

static void field_number(struct kb_diff_item *it, const char *name, uint64_t value)
{
	take_field(it, name, kb_format("%" PRIu64, value));
}

static void field_bytes(struct kb_diff_item *it, const char *name, uint64_t value)
{
	take_field(it, name, kb_format("%" PRIu64, value))->bytes = true;
}

static void field_digest(struct kb_diff_item *it, const char *name, const struct kb_digest *digest)
{
	take_field(it, name, kb_format("sha256:%s", kb_digest_hex(digest)));
}

static void field_date(struct kb_diff_item *it, const char *name, uint64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[32];
	struct tm tm;

	if (!seconds || !gmtime_r(&t, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return;
	field(it, name, text);
}

static void field_words(struct kb_diff_item *it, const char *name, char *const *v, size_t n)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	for (size_t i = 0; i < n; i++)
		kb_buf_printf(&text, "%s%s", i ? " " : "", v[i]);
	if (n)
		field(it, name, text.data);
}

static void make_release(const struct kb_manifest *m, struct kb_diff_items *items)
{
	struct kb_diff_item *it = new_item(items, kb_strdup(""));

	field(it, "product", m->product);
	field(it, "role", m->role);
	field(it, "version", m->version);
	field(it, "channel", m->channel);
	field(it, "arch", m->arch);
	field(it, "summary", m->summary);
	field_number(it, "epoch", m->epoch);
	field_number(it, "counter", m->counter);
	field_date(it, "not before", m->not_before);
	field_date(it, "not after", m->not_after);
}

static void make_variables(const char *path, const struct kb_value *value,
			   struct kb_diff_items *items)
{
	const char *text = kb_value_str(value, NULL);

	if (text) {
		field(new_item(items, kb_format("variable %s", path)), "value", text);
		return;
	}
	/* bounded: a manifest's values nest KB_VALUE_DEPTH deep at most */
	for (size_t i = 0; i < kb_value_count(value); i++) {
		kb_autofree char *index = kb_format("%zu", i);
		kb_autofree char *below = kb_format(
			"%s%s%s", path, *path ? "." : "",
			kb_value_kind(value) == KB_VALUE_MAP ? kb_value_key(value, i) : index);

		make_variables(below, kb_value_at(value, i), items);
	}
}

static void make_needs(const struct kb_manifest *m, struct kb_diff_items *items)
{
	struct kb_diff_item *it;

	for (size_t i = 0; i < m->n_os; i++) {
		it = item(items, kb_format("system %s", m->os[i].id));
		field(it, "from", m->os[i].min);
		field(it, "to", m->os[i].max);
	}
	it = new_item(items, kb_strdup("hosts"));
	field(it, "role", m->select_role);
	field(it, "subrole", m->select_subrole);
	field(it, "stack", m->select_stack);
	field_number(it, "at least", m->hosts_min);
	field(it, "odd", m->hosts_odd ? "true" : "false");
	it = new_item(items, kb_strdup("memory"));
	field_number(it, "MiB", m->memory_mib);
	make_variables("", m->variables, items);
}

static void privileges_of_program(const struct kb_step *step, struct kb_diff_items *items)
{
	item(items, kb_format("run as root %s", step->source));
	if (step->flags & KB_STEP_NETWORK)
		item(items, kb_format("network for %s", step->source));
}

static void privileges_of_step(const struct kb_step *step, struct kb_diff_items *items)
{
	struct kb_diff_item *it;

	switch (step->kind) {
	case KB_STEP_SCRIPT:
	case KB_STEP_WAIT:
	case KB_STEP_CHECK: privileges_of_program(step, items); return;
	case KB_STEP_UNIT: item(items, kb_format("unit %s", step->target)); return;
	case KB_STEP_VOLUME: item(items, kb_format("volume %s", step->target)); return;
	case KB_STEP_DIRECTORY:
	case KB_STEP_FILE:
	case KB_STEP_TEMPLATE: break;
	default: return;
	}
	item(items, kb_format("owner %u:%u", step->uid, step->gid));
	it = item(items, kb_format("path %s", step->target));
	if (it->n)
		return; /* of an earlier step */
	field(it, "kind", kb_step_kind_name(step->kind));
	take_field(it, "owner", kb_format("%u:%u", step->uid, step->gid));
	take_field(it, "mode", kb_format("%04o", step->mode));
}

static void make_privileges(const struct kb_manifest *m, struct kb_diff_items *items)
{
	if (*m->engine)
		item(items, kb_format("engine %s", m->engine));
	for (size_t i = 0; i < m->n_ports; i++)
		item(items, kb_format("port %u", m->ports[i]));
	for (size_t i = 0; i < m->n_credentials; i++) {
		struct kb_diff_item *it =
			item(items, kb_format("credential %s of %s.env", m->credentials[i].variable,
					      m->credentials[i].module));

		take_field(it, "made", kb_credential_describe(&m->credentials[i]));
	}
	for (size_t i = 0; i < m->n_steps; i++)
		privileges_of_step(&m->steps[i], items);
}

static void make_files(const struct kb_manifest *m, struct kb_diff_items *items)
{
	for (size_t i = 0; i < m->n_files; i++) {
		const struct kb_file *file = &m->files[i];
		struct kb_diff_item *it = new_item(items, kb_strdup(file->path));

		field_bytes(it, "size", m->blobs[file->blob].size);
		take_field(it, "mode", kb_format("%04o", file->mode));
		field_digest(it, "digest", &m->blobs[file->blob].digest);
		it->blob = file->blob;
	}
}

static void make_images(const struct kb_manifest *m, struct kb_diff_items *items)
{
	for (size_t i = 0; i < m->n_images; i++) {
		const struct kb_image *image = &m->images[i];
		struct kb_diff_item *it = new_item(items, kb_strdup(image->name));

		field(it, "reference", image->reference);
		field(it, "origin", image->origin);
		field_digest(it, "config", &m->blobs[image->config].digest);
		field_bytes(it, "size", kb_manifest_image_size(m, image));
		for (size_t k = 0; k < image->n_layers; k++) {
			const struct kb_blob *layer = &m->blobs[image->layers[k]];
			kb_autofree char *name =
				kb_format("layer sha256:%s", kb_digest_hex(&layer->digest));

			field_bytes(it, name, layer->size);
		}
	}
}

static void make_packages(const struct kb_manifest *m, struct kb_diff_items *items)
{
	for (size_t i = 0; i < m->n_packages; i++) {
		const struct kb_package *package = &m->packages[i];
		struct kb_diff_item *it =
			new_item(items, kb_format("%s %s", package->release, package->name));

		field(it, "version", package->version);
		field(it, "arch", package->arch);
		field_bytes(it, "size", m->blobs[package->blob].size);
		field_digest(it, "digest", &m->blobs[package->blob].digest);
	}
}

static void step_flags(const struct kb_step *step, struct kb_diff_item *it)
{
	if (step->flags & KB_STEP_ALWAYS)
		field(it, "always", "true");
	if (step->flags & KB_STEP_PENDING)
		field(it, "pending", "true");
	if (step->flags & KB_STEP_KEEP)
		field(it, "keep", "true");
	if (step->flags & KB_STEP_NETWORK)
		field(it, "network", "local");
}

static void make_steps(const struct kb_manifest *m, struct kb_diff_items *items)
{
	for (size_t i = 0; i < m->n_steps; i++) {
		const struct kb_step *step = &m->steps[i];
		struct kb_diff_item *it =
			new_item(items, kb_format("%s/%s", kb_phase_name(step->phase), step->id));

		field(it, "kind", kb_step_kind_name(step->kind));
		field(it, "source", step->source);
		field(it, "target", step->target);
		if (step->mode) {
			take_field(it, "owner", kb_format("%u:%u", step->uid, step->gid));
			take_field(it, "mode", kb_format("%04o", step->mode));
		}
		if (step->timeout)
			field_number(it, "timeout", step->timeout);
		step_flags(step, it);
		field_words(it, "args", step->args, step->n_args);
		field_words(it, "watch", step->watch, step->n_watch);
	}
}

static void make_storage(const struct kb_manifest *m, const struct kb_digest *id,
			 struct kb_diff_items *items)
{
	struct kb_diff_item *it;

	if (!id)
		return;
	it = new_item(items, kb_strdup(""));
	field_bytes(it, "size", m->total_size);
	field_number(it, "chunks", m->n_chunks);
	field_number(it, "level", m->level);
	field(it, "zstd", m->zstd);
	field(it, "builder", m->builder);
	field_digest(it, "host program", &m->stub);
	field_digest(it, "release set", &m->release_set);
	field_digest(it, "content", &m->content_id);
	field_digest(it, "bundle", id);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct kb_diff_item *)a)->name,
		      ((const struct kb_diff_item *)b)->name);
}

void kb_diff_items_make(enum kb_diff_section section, const struct kb_manifest *m,
			const struct kb_digest *id, struct kb_diff_items *ret_items)
{
	static void (*const make[])(const struct kb_manifest *, struct kb_diff_items *) = {
		[KB_DIFF_RELEASE] = make_release,       [KB_DIFF_NEEDS] = make_needs,
		[KB_DIFF_PRIVILEGES] = make_privileges, [KB_DIFF_FILES] = make_files,
		[KB_DIFF_IMAGES] = make_images,         [KB_DIFF_PACKAGES] = make_packages,
		[KB_DIFF_STEPS] = make_steps,
	};

	memset(ret_items, 0, sizeof(*ret_items));
	if (section == KB_DIFF_STORAGE)
		make_storage(m, id, ret_items);
	else
		make[section](m, ret_items);
	if (ret_items->n)
		qsort(ret_items->v, ret_items->n, sizeof(*ret_items->v), by_name);
}

void kb_diff_items_free(struct kb_diff_items *items)
{
	for (size_t i = 0; i < items->n; i++) {
		for (size_t k = 0; k < items->v[i].n; k++) {
			free(items->v[i].values[k].name);
			free(items->v[i].values[k].value);
		}
		free(items->v[i].values);
		free(items->v[i].name);
	}
	free(items->v);
	memset(items, 0, sizeof(*items));
}
