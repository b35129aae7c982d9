#include "builder/image_config.h"

#include "core/json.h"

static void add_strings(struct kb_json *j, const char *key, const struct kb_strings *s)
{
	if (!s->n)
		return;
	kb_json_key(j, key);
	kb_json_array(j);
	for (size_t i = 0; i < s->n; i++)
		kb_json_text(j, s->v[i]);
	kb_json_array_end(j);
}

static void add_run(struct kb_json *j, const struct kb_image_source *source)
{
	kb_json_key(j, "config");
	kb_json_object(j);
	add_strings(j, "Cmd", &source->cmd);
	add_strings(j, "Entrypoint", &source->entrypoint);
	add_strings(j, "Env", &source->env);
	if (*source->user)
		kb_json_key_text(j, "User", source->user);
	if (*source->workdir)
		kb_json_key_text(j, "WorkingDir", source->workdir);
	kb_json_object_end(j);
}

static void add_history(struct kb_json *j, const struct kb_image_source *source,
			const char *created, size_t n_layers)
{
	kb_json_key(j, "history");
	kb_json_array(j);
	for (size_t i = 0; i < n_layers; i++) {
		kb_autofree char *by = i ? kb_format("packages of %s", source->name)
					 : kb_format("%s essential packages", source->suite);

		kb_json_object(j);
		kb_json_key_text(j, "created", created);
		kb_json_key_text(j, "created_by", by);
		kb_json_object_end(j);
	}
	kb_json_array_end(j);
}

void kb_image_config_text(const struct kb_image_source *source, const char *machine,
			  const char *created, const struct kb_image_content *content,
			  struct kb_buf *buf)
{
	struct kb_json j;

	kb_json_init(&j, buf);
	kb_json_object(&j);
	kb_json_key_text(&j, "architecture", machine);
	add_run(&j, source);
	kb_json_key_text(&j, "created", created);
	add_history(&j, source, created, content->n_layers);
	kb_json_key_text(&j, "os", "linux");
	kb_json_key(&j, "rootfs");
	kb_json_object(&j);
	kb_json_key(&j, "diff_ids");
	kb_json_array(&j);
	for (size_t i = 0; i < content->n_layers; i++) {
		kb_autofree char *id = kb_format("sha256:%s", kb_digest_hex(&content->layers[i]));

		kb_json_text(&j, id);
	}
	kb_json_array_end(&j);
	kb_json_key_text(&j, "type", "layers");
	kb_json_object_end(&j);
	kb_json_object_end(&j);
	kb_json_finish(&j);
}
