/* manifest.json as `docker save` writes it: a list of images, with paths. */
#include <string.h>

#include "builder/oci_document.h"
#include "core/json_read.h"
#include "core/name.h"

static void describe_tags(struct kb_buf *buf, const struct kb_value *item)
{
	const struct kb_value *tags = kb_oci_member(item, "RepoTags");
	const char *tag = kb_oci_text(kb_oci_at(tags, 0));

	kb_buf_printf(buf, "%s%s", buf->len ? ", " : "",
		      *tag ? tag : kb_json_member(item, "Config"));
}

static bool has_tag(const struct kb_value *item, const char *tag)
{
	const struct kb_value *tags = kb_oci_member(item, "RepoTags");

	for (size_t i = 0; i < kb_oci_count(tags); i++) {
		const char *text = kb_oci_text(kb_oci_at(tags, i));

		if (kb_oci_is_named(text, tag))
			return true;
	}
	return false;
}

static int choose_item(const char *name, const struct kb_value *list, const char *tag,
		       const struct kb_value **ret, struct kb_err *err)
{
	kb_autobuf struct kb_buf inside = KB_BUF_INIT;
	size_t n = kb_oci_count(list), n_named = 0;

	if (n == 0)
		return kb_err_set(err, KB_E_INVALID, "%s lists no image", name);
	*ret = kb_oci_at(list, 0);
	if (n == 1)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const struct kb_value *item = kb_oci_at(list, i);

		if (inside.len < 400)
			describe_tags(&inside, item);
		if (has_tag(item, tag)) {
			*ret = item;
			n_named++;
		}
	}
	if (n_named == 1)
		return 0;
	return kb_err_set(err, KB_E_INVALID,
			  "%s: %zu images, name one as the image's tag; inside are: %s", name, n,
			  inside.data);
}

/* Names that carry the digest of what they name: HEX.json, sha256:HEX,
 * blobs/sha256/HEX. */
static bool digest_in_name(const char *path, struct kb_digest *ret)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t len = strlen(base);
	char hex[KB_HEX_LEN + 1];

	if (strncmp(base, "sha256:", 7) == 0) {
		base += 7;
		len -= 7;
	}
	if (len != KB_HEX_LEN &&
	    !(len == KB_HEX_LEN + 5 && strcmp(base + KB_HEX_LEN, ".json") == 0))
		return false;
	memcpy(hex, base, KB_HEX_LEN);
	hex[KB_HEX_LEN] = '\0';
	return kb_digest_parse(hex, ret);
}

static int take_docker_layers(const char *name, const struct kb_value *list,
			      struct kb_oci_image *image, struct kb_err *err)
{
	size_t n = kb_oci_count(list);
	int rc;

	if (n == 0 || n > KB_OCI_LAYERS_MAX)
		return kb_err_set(err, KB_E_INVALID, "%s: %zu layers, 1 to %d are possible", name,
				  n, KB_OCI_LAYERS_MAX);
	image->layers = kb_alloc(n, sizeof(*image->layers));
	for (size_t i = 0; i < n; i++) {
		struct kb_oci_layer *layer = &image->layers[image->n_layers];
		const char *path = kb_oci_text(kb_oci_at(list, i));

		rc = kb_name_check_relative(path, err);
		if (rc < 0)
			return kb_err_wrap(err, "%s: layer %zu", name, i + 1);
		layer->path = kb_strdup(path);
		layer->has_blob = strncmp(path, "blobs/sha256/", 13) == 0 &&
				  kb_digest_parse(path + 13, &layer->blob);
		image->n_layers++;
	}
	return 0;
}

int kb_oci_take_docker(const struct kb_oci_source *source, const char *arch, const char *tag,
		       const struct kb_buf *text, struct kb_oci_image *image, struct kb_err *err)
{
	kb_autofree char *name = kb_format("%s: manifest.json", source->name);
	kb_autovalue struct kb_value *list = NULL;
	const struct kb_value *item = NULL;
	struct kb_digest listed;
	const char *path;
	int rc;

	if ((rc = kb_json_parse(name, text->data, text->len, &list, err)) < 0 ||
	    (rc = choose_item(name, list, tag, &item, err)) < 0)
		return rc;
	path = kb_json_member(item, "Config");
	rc = kb_name_check_relative(path, err);
	if (rc < 0)
		return kb_err_wrap(err, "%s: Config", name);
	if ((rc = take_docker_layers(name, kb_oci_member(item, "Layers"), image, err)) < 0 ||
	    (rc = kb_oci_read_document(source, path, &image->config_text, err)) < 0)
		return rc;
	kb_digest_of(image->config_text.data, image->config_text.len, &image->config);
	if (digest_in_name(path, &listed) && !kb_digest_eq(&listed, &image->config))
		return kb_err_set(err, KB_E_DAMAGED, "%s: config %s has sha256 %s", source->name,
				  path, kb_digest_hex(&image->config));
	return kb_oci_take_config(source, arch, image, err);
}
