#include "core/manifest.h"

#include <string.h>

#include "core/bytes.h"
#include "core/value.h"

/* The encoding is docs/format.md, section "Manifest"; manifest_read.c is its
 * mirror, record by record in the same order. */

static void add_string(struct kb_buf *out, const char *s)
{
	size_t len = strlen(s);

	kb_add16(out, (uint16_t)len);
	kb_buf_add(out, s, len);
}

static void add_strings(struct kb_buf *out, char *const *v, size_t n)
{
	kb_add32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		add_string(out, v[i]);
}

static void add_digest(struct kb_buf *out, const struct kb_digest *digest)
{
	kb_buf_add(out, digest->b, KB_DIGEST_LEN);
}

/* Depth is bounded by the builder's schema and again by the reader. */
static void add_value(struct kb_buf *out, const struct kb_value *value)
{
	enum kb_value_kind kind = kb_value_kind(value);
	size_t len;

	kb_add8(out, (uint8_t)kind);
	switch (kind) {
	case KB_VALUE_NULL: return;
	case KB_VALUE_BOOL: kb_add8(out, kb_value_truth(value)); return;
	case KB_VALUE_TEXT:
		kb_value_str(value, &len);
		kb_add16(out, (uint16_t)len);
		kb_buf_add(out, kb_value_str(value, NULL), len);
		return;
	case KB_VALUE_LIST:
	case KB_VALUE_MAP: break;
	}
	kb_add32(out, (uint32_t)kb_value_count(value));
	for (size_t i = 0; i < kb_value_count(value); i++) {
		if (kind == KB_VALUE_MAP)
			add_string(out, kb_value_key(value, i));
		add_value(out, kb_value_at(value, i));
	}
}

static void add_release(struct kb_buf *out, const struct kb_manifest *m)
{
	add_string(out, m->product);
	add_string(out, m->role);
	add_string(out, m->version);
	add_string(out, m->channel);
	add_string(out, m->arch);
	add_string(out, m->summary);
	kb_add64(out, m->epoch);
	kb_add64(out, m->counter);
	kb_add64(out, m->not_before);
	kb_add64(out, m->not_after);
}

static void add_target(struct kb_buf *out, const struct kb_manifest *m)
{
	kb_add32(out, (uint32_t)m->n_os);
	for (size_t i = 0; i < m->n_os; i++) {
		add_string(out, m->os[i].id);
		add_string(out, m->os[i].min);
		add_string(out, m->os[i].max);
	}
	add_string(out, m->select_role);
	add_string(out, m->select_subrole);
	add_string(out, m->select_stack);
	kb_add32(out, m->hosts_min);
	kb_add8(out, m->hosts_odd);
	add_string(out, m->engine);
	kb_add32(out, m->memory_mib);
	kb_add32(out, (uint32_t)m->n_ports);
	for (size_t i = 0; i < m->n_ports; i++)
		kb_add16(out, m->ports[i]);
	kb_add32(out, (uint32_t)m->n_credentials);
	for (size_t i = 0; i < m->n_credentials; i++) {
		add_string(out, m->credentials[i].module);
		add_string(out, m->credentials[i].variable);
		kb_add8(out, m->credentials[i].kind);
		kb_add16(out, m->credentials[i].length);
		add_string(out, m->credentials[i].text);
	}
	add_value(out, m->variables);
}

static void add_images(struct kb_buf *out, const struct kb_manifest *m)
{
	kb_add32(out, (uint32_t)m->n_images);
	for (size_t i = 0; i < m->n_images; i++) {
		const struct kb_image *image = &m->images[i];

		add_string(out, image->name);
		add_string(out, image->reference);
		add_string(out, image->origin);
		kb_add32(out, image->config);
		kb_add32(out, (uint32_t)image->n_layers);
		for (size_t j = 0; j < image->n_layers; j++)
			kb_add32(out, image->layers[j]);
	}
}

static void add_content(struct kb_buf *out, const struct kb_manifest *m)
{
	kb_add32(out, (uint32_t)m->n_blobs);
	for (size_t i = 0; i < m->n_blobs; i++) {
		add_digest(out, &m->blobs[i].digest);
		kb_add64(out, m->blobs[i].size);
	}
	kb_add32(out, (uint32_t)m->n_files);
	for (size_t i = 0; i < m->n_files; i++) {
		add_string(out, m->files[i].path);
		kb_add16(out, m->files[i].mode);
		kb_add32(out, m->files[i].blob);
	}
	add_images(out, m);
	kb_add32(out, (uint32_t)m->n_packages);
	for (size_t i = 0; i < m->n_packages; i++) {
		add_string(out, m->packages[i].release);
		add_string(out, m->packages[i].name);
		add_string(out, m->packages[i].version);
		add_string(out, m->packages[i].arch);
		kb_add32(out, m->packages[i].blob);
	}
}

static void add_step(struct kb_buf *out, const struct kb_step *step)
{
	add_string(out, step->id);
	kb_add8(out, step->phase);
	kb_add8(out, step->kind);
	kb_add8(out, step->flags);
	kb_add32(out, step->uid);
	kb_add32(out, step->gid);
	kb_add16(out, step->mode);
	kb_add32(out, step->timeout);
	add_string(out, step->source);
	add_string(out, step->target);
	add_strings(out, step->args, step->n_args);
	add_strings(out, step->watch, step->n_watch);
}

static void add_storage(struct kb_buf *out, const struct kb_manifest *m)
{
	add_digest(out, &m->release_set);
	add_digest(out, &m->stub);
	add_string(out, m->builder);
	add_string(out, m->zstd);
	kb_add8(out, m->level);
	kb_add32(out, (uint32_t)m->n_chunks);
	for (size_t i = 0; i < m->n_chunks; i++) {
		kb_add32(out, m->chunks[i].stored);
		kb_add32(out, m->chunks[i].plain);
		add_digest(out, &m->chunks[i].digest);
	}
	for (size_t i = 0; i < m->n_blobs; i++) {
		kb_add32(out, m->blobs[i].chunk);
		kb_add32(out, m->blobs[i].offset);
	}
	kb_add64(out, m->total_size);
}

void kb_manifest_write(struct kb_manifest *m, struct kb_buf *out)
{
	size_t start = out->len;

	add_release(out, m);
	add_target(out, m);
	add_content(out, m);
	kb_add32(out, (uint32_t)m->n_steps);
	for (size_t i = 0; i < m->n_steps; i++)
		add_step(out, &m->steps[i]);
	kb_digest_of(out->data + start, out->len - start, &m->content_id);
	add_storage(out, m);
}
