/* An image manifest (OCI, or docker schema 2) and the config it names. */
#include <string.h>

#include "builder/oci_document.h"
#include "core/json_read.h"

/* ---- config ---- */

/* IMAGE has its config's text and layers; give the layers their diffIDs. */
int kb_oci_take_config(const struct kb_oci_source *source, const char *arch,
		       struct kb_oci_image *image, struct kb_err *err)
{
	kb_autofree char *name = kb_format("%s: config", source->name);
	kb_autovalue struct kb_value *config = NULL;
	const struct kb_value *rootfs, *ids;
	const char *machine, *is_os, *is_arch;
	size_t n;
	int rc;

	rc = kb_json_parse(name, image->config_text.data, image->config_text.len, &config, err);
	if (rc < 0 || (rc = kb_oci_need_machine(arch, &machine, err)) < 0)
		return rc;
	is_os = kb_json_member(config, "os");
	is_arch = kb_json_member(config, "architecture");
	if (strcmp(is_os, "linux") != 0 || strcmp(is_arch, machine) != 0)
		return kb_err_set(err, KB_E_INVALID, "%s: for %s/%s, the site wants linux/%s", name,
				  is_os, is_arch, machine);
	rootfs = kb_oci_member(config, "rootfs");
	ids = kb_oci_member(rootfs, "diff_ids");
	if (strcmp(kb_json_member(rootfs, "type"), "layers") != 0 || !kb_oci_is_list(ids))
		return kb_err_set(err, KB_E_INVALID, "%s: no rootfs of layers", name);
	n = kb_oci_count(ids);
	if (n != image->n_layers)
		return kb_err_set(err, KB_E_INVALID, "%s: %zu diffIDs for %zu layers", name, n,
				  image->n_layers);
	for (size_t i = 0; i < n; i++) {
		const char *id = kb_oci_text(kb_oci_at(ids, i));

		if (!kb_oci_digest_parse(id, &image->layers[i].diff_id))
			return kb_err_set(err, KB_E_INVALID, "%s: diffID %zu is not sha256:..",
					  name, i + 1);
	}
	return 0;
}

/* ---- manifest ---- */

static int take_layers(const struct kb_oci_source *source, const char *name,
		       const struct kb_value *layers, struct kb_oci_image *image,
		       struct kb_err *err)
{
	size_t n = kb_oci_count(layers);
	int rc;

	if (n == 0 || n > KB_OCI_LAYERS_MAX)
		return kb_err_set(err, KB_E_INVALID, "%s: %zu layers, 1 to %d are possible", name,
				  n, KB_OCI_LAYERS_MAX);
	image->layers = kb_alloc(n, sizeof(*image->layers));
	for (size_t i = 0; i < n; i++) {
		struct kb_oci_layer *layer = &image->layers[image->n_layers];

		rc = kb_oci_digest_at(name, kb_oci_at(layers, i), "digest", &layer->blob, err);
		if (rc < 0)
			return rc;
		layer->has_blob = true;
		layer->path = kb_format("%s%s", source->blobs, kb_digest_hex(&layer->blob));
		image->n_layers++;
	}
	return 0;
}

int kb_oci_take_manifest(const struct kb_oci_source *source, const char *arch,
			 const struct kb_digest *digest, struct kb_oci_image *image,
			 struct kb_err *err)
{
	kb_autofree char *name = kb_format("%s: manifest %s", source->name, kb_digest_hex(digest));
	kb_autovalue struct kb_value *manifest = NULL;
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	int rc;

	image->has_manifest = true;
	image->manifest = *digest;
	if ((rc = kb_oci_read_blob(source, digest, &text, err)) < 0 ||
	    (rc = kb_json_parse(name, text.data, text.len, &manifest, err)) < 0 ||
	    (rc = kb_oci_digest_at(name, kb_oci_member(manifest, "config"), "digest",
				   &image->config, err)) < 0 ||
	    (rc = take_layers(source, name, kb_oci_member(manifest, "layers"), image, err)) < 0 ||
	    (rc = kb_oci_read_blob(source, &image->config, &image->config_text, err)) < 0)
		return rc;
	return kb_oci_take_config(source, arch, image, err);
}

int kb_oci_find_manifest(const struct kb_oci_source *source, const char *arch,
			 const struct kb_digest *manifest, struct kb_oci_image *ret_image,
			 struct kb_err *err)
{
	struct kb_oci_image image = {0};
	int rc = kb_oci_take_manifest(source, arch, manifest, &image, err);

	if (rc < 0)
		kb_oci_image_free(&image);
	else
		*ret_image = image;
	return rc;
}

int kb_oci_config_of(const char *name, const char *text, size_t len, struct kb_digest *ret_config,
		     struct kb_err *err)
{
	kb_autovalue struct kb_value *manifest = NULL;
	int rc = kb_json_parse(name, text, len, &manifest, err);

	if (rc < 0)
		return rc;
	return kb_oci_digest_at(name, kb_oci_member(manifest, "config"), "digest", ret_config, err);
}
