#include "builder/image_record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "builder/debian.h"
#include "builder/oci.h"

#define HEAD "keybuzz image 1\norigin "

static void add_strings(struct kb_buf *buf, const char *what, const struct kb_strings *s)
{
	for (size_t i = 0; i < s->n; i++) /* with the length: a word may hold a line break */
		kb_buf_printf(buf, "%s %zu %s\n", what, strlen(s->v[i]), s->v[i]);
}

void kb_image_record_key(const struct kb_lock_entry *entry, const struct kb_image_source *source,
			 const char *arch, struct kb_digest *ret_key)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	kb_buf_printf(&text, "image 1\narch %s\n", arch);
	kb_lock_entry_text(entry, &text);
	if (entry->kind == KB_SOURCE_DEBIAN) {
		kb_buf_printf(&text, "recipe %d\nname %s\nuser %s\nworkdir %s\n", KB_DEBIAN_RECIPE,
			      source->name, source->user, source->workdir);
		add_strings(&text, "entrypoint", &source->entrypoint);
		add_strings(&text, "cmd", &source->cmd);
		add_strings(&text, "env", &source->env);
	}
	kb_digest_of(text.data, text.len, ret_key);
}

int kb_image_record_put(struct kb_store *store, const struct kb_digest *key,
			const struct kb_image_content *content, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	kb_buf_printf(&text, HEAD "%s\nconfig %s\n", content->origin,
		      kb_digest_hex(&content->config));
	for (size_t i = 0; i < content->n_layers; i++)
		kb_buf_printf(&text, "layer %s %" PRIu64 "\n", kb_digest_hex(&content->layers[i]),
			      content->sizes[i]);
	return kb_store_derived_put(store, key, text.data, text.len, err);
}

/* The rest of the line at *P, which is ended and passed; NULL when the text is
 * over or the line does not begin with WORD. */
static char *take_line(char **p, const char *word)
{
	char *eol = strchr(*p, '\n'), *line = *p;
	size_t len = strlen(word);

	if (!eol || strncmp(line, word, len) != 0)
		return NULL;
	*eol = '\0';
	*p = eol + 1;
	return line + len;
}

static bool take_layer(char *line, struct kb_digest *digest, uint64_t *size)
{
	char *end;

	if (strlen(line) < KB_HEX_LEN + 2 || line[KB_HEX_LEN] != ' ')
		return false;
	line[KB_HEX_LEN] = '\0';
	line += KB_HEX_LEN + 1;
	*size = strtoull(line, &end, 10);
	return end != line && !*end && kb_digest_parse(line - KB_HEX_LEN - 1, digest);
}

static bool parse(char *text, struct kb_image_content *c)
{
	char *origin, *config, *line;

	if (!take_line(&text, "keybuzz image 1") || !(origin = take_line(&text, "origin ")) ||
	    !(config = take_line(&text, "config ")) || !kb_digest_parse(config, &c->config))
		return false;
	c->origin = kb_strdup(origin);
	c->layers = kb_alloc(KB_OCI_LAYERS_MAX, sizeof(*c->layers));
	c->sizes = kb_alloc(KB_OCI_LAYERS_MAX, sizeof(*c->sizes));
	while ((line = take_line(&text, "layer "))) {
		if (c->n_layers == KB_OCI_LAYERS_MAX ||
		    !take_layer(line, &c->layers[c->n_layers], &c->sizes[c->n_layers]))
			return false;
		c->n_layers++;
	}
	return !*text && c->n_layers;
}

int kb_image_record_get(struct kb_store *store, const struct kb_digest *key,
			struct kb_image_content *ret_content, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_image_content content = {0};
	int rc = kb_store_derived_get(store, key, &text, err);

	if (rc < 0)
		return rc;
	if (!text.len || !parse(text.data, &content)) {
		kb_image_content_free(&content);
		return kb_err_set(err, KB_E_DAMAGED,
				  "%s/derived/%s is damaged; run: keybuzz-bundle fetch",
				  kb_store_dir(store), kb_digest_hex(key));
	}
	*ret_content = content;
	return 0;
}
