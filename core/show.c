#include "core/show.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/words.h"

const char *kb_show_size(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	static _Thread_local char text[4][24];
	static _Thread_local unsigned next;
	char *out = text[next++ % 4];
	uint64_t tenths = bytes * 10 / 1024;
	unsigned unit = 0;

	while (tenths >= 10240 && unit < 3) {
		tenths /= 1024;
		unit++;
	}
	if (bytes < 1024)
		snprintf(out, sizeof(text[0]), "%llu B", (unsigned long long)bytes);
	else
		snprintf(out, sizeof(text[0]), "%llu.%llu %s", (unsigned long long)tenths / 10,
			 (unsigned long long)tenths % 10, units[unit]);
	return out;
}

static uint64_t plain_size(const struct kb_manifest *m)
{
	uint64_t size = 0;

	for (size_t i = 0; i < m->n_blobs; i++)
		size += m->blobs[i].size;
	return size;
}

static size_t steps_of(const struct kb_manifest *m, int phase)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_steps; i++)
		n += m->steps[i].phase == phase;
	return n;
}

/* Steps whose program has NETWORK, "local" or "none". */
static size_t programs_with(const struct kb_manifest *m, const char *network)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_steps; i++)
		n += strcmp(kb_step_network(&m->steps[i]), network) == 0;
	return n;
}

static void show_os(const struct kb_manifest *m, struct kb_buf *out)
{
	kb_buf_printf(out, "for        %s", m->arch);
	for (size_t i = 0; i < m->n_os; i++)
		kb_buf_printf(out, ", %s %s to %s", m->os[i].id, m->os[i].min, m->os[i].max);
	kb_buf_putc(out, '\n');
}

static void show_needs(const struct kb_manifest *m, struct kb_buf *out)
{
	if (*m->engine)
		kb_buf_printf(out, "engine     %s\n", m->engine);
	for (size_t i = 0; i < m->n_credentials; i++) {
		kb_autofree char *what = kb_credential_describe(&m->credentials[i]);

		kb_buf_printf(out, "credential %s of %s.env, %s\n", m->credentials[i].variable,
			      m->credentials[i].module, what);
	}
	for (size_t i = 0; i < m->n_ports; i++)
		kb_buf_printf(out, "%s%u%s", i ? " " : "ports      ", m->ports[i],
			      i + 1 == m->n_ports ? "\n" : "");
}

static void show_identity(const struct kb_bundle *b, struct kb_buf *out)
{
	const struct kb_manifest *m = kb_bundle_manifest(b);
	struct kb_digest fingerprint;
	char words[KB_WORDS_LEN];

	kb_key_fingerprint(kb_bundle_signer(b), &fingerprint);
	kb_words_format(fingerprint.b, words);
	kb_buf_printf(out, "bundle     %s\ncontent    %s\nset        %s\n",
		      kb_digest_hex(kb_bundle_id(b)), kb_digest_hex(&m->content_id),
		      kb_digest_hex(&m->release_set));
	kb_buf_printf(out, "signed by  %s\n           %s\n", kb_digest_hex(&fingerprint), words);
}

void kb_show_info(const struct kb_bundle *b, struct kb_buf *out)
{
	const struct kb_manifest *m = kb_bundle_manifest(b);

	kb_buf_printf(out, "role       %s: %s\n", m->role, m->summary);
	kb_buf_printf(out, "version    %s %s, channel %s, epoch %llu, counter %llu\n", m->product,
		      m->version, m->channel, (unsigned long long)m->epoch,
		      (unsigned long long)m->counter);
	show_os(m, out);
	show_identity(b, out);
	kb_buf_printf(out, "made by    %s, zstd %s level %u\n", m->builder, m->zstd, m->level);
	kb_buf_printf(out, "size       %s; %s installed from %zu chunks\n",
		      kb_show_size(m->total_size), kb_show_size(plain_size(m)), m->n_chunks);
	for (size_t i = 0; i < m->n_images; i++)
		kb_buf_printf(out, "image      %s, %s in %zu layers\n", m->images[i].reference,
			      kb_show_size(kb_manifest_image_size(m, &m->images[i])),
			      m->images[i].n_layers);
	if (m->n_packages)
		kb_buf_printf(out, "packages   %zu\n", m->n_packages);
	show_needs(m, out);
	kb_buf_printf(out,
		      "steps      %zu to install, %zu to check, %zu to fail over, %zu to purge\n",
		      steps_of(m, KB_PHASE_INSTALL), steps_of(m, KB_PHASE_CHECK),
		      steps_of(m, KB_PHASE_FAILOVER), steps_of(m, KB_PHASE_PURGE));
	kb_buf_printf(out, "network    the host's for %zu steps, none for %zu\n",
		      programs_with(m, "local"), programs_with(m, "none"));
}

static void key_digest(struct kb_json *j, const char *key, const struct kb_digest *digest)
{
	kb_json_key_text(j, key, kb_digest_hex(digest));
}

static void info_json_release(const struct kb_manifest *m, struct kb_json *j)
{
	kb_json_key_text(j, "product", m->product);
	kb_json_key_text(j, "role", m->role);
	kb_json_key_text(j, "summary", m->summary);
	kb_json_key_text(j, "version", m->version);
	kb_json_key_text(j, "channel", m->channel);
	kb_json_key_text(j, "arch", m->arch);
	kb_json_key_u64(j, "epoch", m->epoch);
	kb_json_key_u64(j, "counter", m->counter);
	kb_json_key(j, "os");
	kb_json_array(j);
	for (size_t i = 0; i < m->n_os; i++) {
		kb_json_object(j);
		kb_json_key_text(j, "id", m->os[i].id);
		kb_json_key_text(j, "min", m->os[i].min);
		kb_json_key_text(j, "max", m->os[i].max);
		kb_json_object_end(j);
	}
	kb_json_array_end(j);
}

void kb_show_info_json(const struct kb_bundle *b, struct kb_json *j)
{
	const struct kb_manifest *m = kb_bundle_manifest(b);
	struct kb_digest fingerprint;

	kb_key_fingerprint(kb_bundle_signer(b), &fingerprint);
	info_json_release(m, j);
	key_digest(j, "bundle", kb_bundle_id(b));
	key_digest(j, "content", &m->content_id);
	key_digest(j, "set", &m->release_set);
	key_digest(j, "signed_by", &fingerprint);
	kb_json_key_text(j, "builder", m->builder);
	kb_json_key_text(j, "zstd", m->zstd);
	kb_json_key_u64(j, "level", m->level);
	kb_json_key_u64(j, "size", m->total_size);
	kb_json_key_u64(j, "plain_size", plain_size(m));
	kb_json_key_u64(j, "chunks", m->n_chunks);
	kb_json_key_u64(j, "images", m->n_images);
	kb_json_key_u64(j, "packages", m->n_packages);
	kb_json_key_u64(j, "steps", m->n_steps);
	kb_json_key_u64(j, "steps_on_network", programs_with(m, "local"));
	kb_json_key_text(j, "engine", m->engine);
}

static void show_image(const struct kb_manifest *m, const struct kb_image *image,
		       struct kb_buf *out)
{
	kb_buf_printf(out, "image    %12llu  %s sha256:%s\n",
		      (unsigned long long)kb_manifest_image_size(m, image), image->reference,
		      kb_digest_hex(&m->blobs[image->config].digest));
	kb_buf_printf(out, "         %12s  from %s\n", "", image->origin);
	for (size_t i = 0; i < image->n_layers; i++)
		kb_buf_printf(out, "  layer  %12llu  sha256:%s\n",
			      (unsigned long long)m->blobs[image->layers[i]].size,
			      kb_digest_hex(&m->blobs[image->layers[i]].digest));
}

static void show_step(const struct kb_step *step, struct kb_buf *out)
{
	const bool local = step->flags & KB_STEP_NETWORK;

	kb_buf_printf(out, "step     %12s  %s %s%s%s%s\n", kb_phase_name(step->phase), step->id,
		      kb_step_kind_name(step->kind), *step->target ? " " : "", step->target,
		      local ? ", with the host's network" : "");
}

void kb_show_list(const struct kb_bundle *b, struct kb_buf *out)
{
	const struct kb_manifest *m = kb_bundle_manifest(b);

	for (size_t i = 0; i < m->n_files; i++)
		kb_buf_printf(out, "file     %12llu  %s\n",
			      (unsigned long long)m->blobs[m->files[i].blob].size,
			      m->files[i].path);
	for (size_t i = 0; i < m->n_images; i++)
		show_image(m, &m->images[i], out);
	for (size_t i = 0; i < m->n_packages; i++)
		kb_buf_printf(out, "package  %12llu  %s %s %s (%s)\n",
			      (unsigned long long)m->blobs[m->packages[i].blob].size,
			      m->packages[i].name, m->packages[i].version, m->packages[i].arch,
			      m->packages[i].release);
	for (size_t i = 0; i < m->n_steps; i++)
		show_step(&m->steps[i], out);
}

static void list_json_images(const struct kb_manifest *m, struct kb_json *j)
{
	kb_json_key(j, "images");
	kb_json_array(j);
	for (size_t i = 0; i < m->n_images; i++) {
		const struct kb_image *image = &m->images[i];

		kb_json_object(j);
		kb_json_key_text(j, "name", image->name);
		kb_json_key_text(j, "reference", image->reference);
		kb_json_key_text(j, "origin", image->origin);
		key_digest(j, "config", &m->blobs[image->config].digest);
		kb_json_key(j, "layers");
		kb_json_array(j);
		for (size_t k = 0; k < image->n_layers; k++)
			kb_json_text(j, kb_digest_hex(&m->blobs[image->layers[k]].digest));
		kb_json_array_end(j);
		kb_json_object_end(j);
	}
	kb_json_array_end(j);
}

static void list_json_packages(const struct kb_manifest *m, struct kb_json *j)
{
	kb_json_key(j, "packages");
	kb_json_array(j);
	for (size_t i = 0; i < m->n_packages; i++) {
		kb_json_object(j);
		kb_json_key_text(j, "name", m->packages[i].name);
		kb_json_key_text(j, "version", m->packages[i].version);
		kb_json_key_text(j, "arch", m->packages[i].arch);
		kb_json_key_text(j, "release", m->packages[i].release);
		key_digest(j, "sha256", &m->blobs[m->packages[i].blob].digest);
		kb_json_object_end(j);
	}
	kb_json_array_end(j);
}

static void list_json_steps(const struct kb_manifest *m, struct kb_json *j)
{
	kb_json_key(j, "steps");
	kb_json_array(j);
	for (size_t i = 0; i < m->n_steps; i++) {
		const struct kb_step *step = &m->steps[i];

		kb_json_object(j);
		kb_json_key_text(j, "id", step->id);
		kb_json_key_text(j, "phase", kb_phase_name(step->phase));
		kb_json_key_text(j, "kind", kb_step_kind_name(step->kind));
		kb_json_key_text(j, "target", step->target);
		if (*kb_step_network(step))
			kb_json_key_text(j, "network", kb_step_network(step));
		kb_json_object_end(j);
	}
	kb_json_array_end(j);
}

void kb_show_list_json(const struct kb_bundle *b, struct kb_json *j)
{
	const struct kb_manifest *m = kb_bundle_manifest(b);

	kb_json_key(j, "files");
	kb_json_array(j);
	for (size_t i = 0; i < m->n_files; i++) {
		const struct kb_blob *blob = &m->blobs[m->files[i].blob];

		kb_json_object(j);
		kb_json_key_text(j, "path", m->files[i].path);
		kb_json_key_u64(j, "size", blob->size);
		key_digest(j, "sha256", &blob->digest);
		kb_json_object_end(j);
	}
	kb_json_array_end(j);
	list_json_images(m, j);
	list_json_packages(m, j);
	list_json_steps(m, j);
}
