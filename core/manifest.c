#include "core/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "core/value.h"

struct kb_manifest *kb_manifest_new(void)
{
	struct kb_manifest *m = kb_alloc(1, sizeof(*m));
	char **texts[] = {&m->product,      &m->role,    &m->version,     &m->channel,
			  &m->arch,         &m->summary, &m->select_role, &m->select_subrole,
			  &m->select_stack, &m->engine,  &m->builder,     &m->zstd};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = kb_strdup("");
	m->variables = kb_value_map();
	return m;
}

static void free_strings(char **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

static void free_release(struct kb_manifest *m)
{
	char *texts[] = {m->product,      m->role,    m->version,     m->channel,
			 m->arch,         m->summary, m->select_role, m->select_subrole,
			 m->select_stack, m->engine,  m->builder,     m->zstd};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	for (size_t i = 0; i < m->n_os; i++) {
		free(m->os[i].id);
		free(m->os[i].min);
		free(m->os[i].max);
	}
	free(m->os);
	free(m->ports);
	for (size_t i = 0; i < m->n_credentials; i++)
		kb_credential_free(&m->credentials[i]);
	free(m->credentials);
	kb_value_free(m->variables);
}

static void free_content(struct kb_manifest *m)
{
	for (size_t i = 0; i < m->n_files; i++)
		free(m->files[i].path);
	free(m->files);
	for (size_t i = 0; i < m->n_images; i++) {
		free(m->images[i].name);
		free(m->images[i].reference);
		free(m->images[i].origin);
		free(m->images[i].layers);
	}
	free(m->images);
	for (size_t i = 0; i < m->n_packages; i++) {
		free(m->packages[i].release);
		free(m->packages[i].name);
		free(m->packages[i].version);
		free(m->packages[i].arch);
	}
	free(m->packages);
	for (size_t i = 0; i < m->n_steps; i++) {
		free(m->steps[i].id);
		free(m->steps[i].source);
		free(m->steps[i].target);
		free_strings(m->steps[i].args, m->steps[i].n_args);
		free_strings(m->steps[i].watch, m->steps[i].n_watch);
	}
	free(m->steps);
}

void kb_manifest_free(struct kb_manifest *m)
{
	if (!m)
		return;
	free_release(m);
	free_content(m);
	free(m->blobs);
	free(m->chunks);
	free(m);
}

const struct kb_file *kb_manifest_file(const struct kb_manifest *m, const char *path)
{
	size_t lo = 0, hi = m->n_files;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(m->files[mid].path, path);

		if (c == 0)
			return &m->files[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct kb_image *kb_manifest_image(const struct kb_manifest *m, const char *name)
{
	for (size_t i = 0; i < m->n_images; i++)
		if (!strcmp(m->images[i].name, name))
			return &m->images[i];
	return NULL;
}

const struct kb_step *kb_manifest_step(const struct kb_manifest *m, const char *id)
{
	for (size_t i = 0; i < m->n_steps; i++)
		if (!strcmp(m->steps[i].id, id))
			return &m->steps[i];
	return NULL;
}

long kb_manifest_blob(const struct kb_manifest *m, const struct kb_digest *digest)
{
	size_t lo = 0, hi = m->n_blobs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = kb_digest_cmp(&m->blobs[mid].digest, digest);

		if (c == 0)
			return (long)mid;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

const char *kb_step_kind_name(int kind)
{
	static const char *const names[KB_STEP_KIND_COUNT] = {
		[KB_STEP_DIRECTORY] = "directory", [KB_STEP_FILE] = "file",
		[KB_STEP_TEMPLATE] = "template",   [KB_STEP_UNIT] = "unit",
		[KB_STEP_IMAGES] = "images",       [KB_STEP_SCRIPT] = "script",
		[KB_STEP_WAIT] = "wait",           [KB_STEP_CHECK] = "check",
		[KB_STEP_PACKAGES] = "packages",   [KB_STEP_VOLUME] = "volume",
	};

	return kind > 0 && kind < KB_STEP_KIND_COUNT ? names[kind] : "unknown";
}

const char *kb_phase_name(int phase)
{
	static const char *const names[KB_PHASE_COUNT] = {
		[KB_PHASE_INSTALL] = "install",
		[KB_PHASE_CHECK] = "check",
		[KB_PHASE_FAILOVER] = "failover",
		[KB_PHASE_PURGE] = "purge",
	};

	return phase >= 0 && phase < KB_PHASE_COUNT ? names[phase] : "unknown";
}

const char *kb_step_network(const struct kb_step *step)
{
	if (step->kind != KB_STEP_SCRIPT && step->kind != KB_STEP_WAIT &&
	    step->kind != KB_STEP_CHECK)
		return "";
	return step->flags & KB_STEP_NETWORK ? "local" : "none";
}

uint64_t kb_manifest_image_size(const struct kb_manifest *m, const struct kb_image *image)
{
	uint64_t size = 0;

	for (size_t i = 0; i < image->n_layers; i++)
		size += m->blobs[image->layers[i]].size;
	return size;
}
