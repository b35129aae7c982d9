#include "builder/oci.h"

#include <stdlib.h>
#include <string.h>

#include "builder/oci_document.h"

void kb_oci_image_free(struct kb_oci_image *image)
{
	for (size_t i = 0; i < image->n_layers; i++)
		free(image->layers[i].path);
	free(image->layers);
	kb_buf_free(&image->config_text);
	memset(image, 0, sizeof(*image));
}

const char *kb_oci_arch(const char *arch)
{
	static const char *const names[][2] = {
		{"x86_64", "amd64"},    {"aarch64", "arm64"},   {"armv7l", "arm"},
		{"i686", "386"},        {"ppc64le", "ppc64le"}, {"s390x", "s390x"},
		{"riscv64", "riscv64"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(arch, names[i][0]) == 0)
			return names[i][1];
	return NULL;
}

static int try_read(const struct kb_oci_source *source, const char *path, struct kb_buf *buf,
		    bool *ret_found, struct kb_err *err)
{
	struct kb_err missing;
	int rc = source->read(source->ctx, path, KB_OCI_DOCUMENT_MAX, buf, &missing);

	*ret_found = rc == 0;
	if (rc == 0 || rc == KB_E_MISSING)
		return 0;
	if (err)
		*err = missing;
	return rc;
}

/* An archive may hold both descriptions (docker 25 and later). They must mean
 * the same image: else it would depend on the reader which one is loaded. */
static int find_image(const struct kb_oci_source *source, const char *arch, const char *tag,
		      struct kb_oci_image *image, struct kb_err *err)
{
	kb_autobuf struct kb_buf docker = KB_BUF_INIT, index = KB_BUF_INIT;
	kb_autoociimage struct kb_oci_image other = {0};
	bool has_docker, has_index;
	int rc;

	if ((rc = try_read(source, "manifest.json", &docker, &has_docker, err)) < 0 ||
	    (rc = try_read(source, "index.json", &index, &has_index, err)) < 0)
		return rc;
	if (!has_docker && !has_index)
		return kb_err_set(err, KB_E_INVALID,
				  "%s holds neither manifest.json nor index.json: not an image",
				  source->name);
	if (!has_docker)
		return kb_oci_take_index(source, arch, tag, &index, image, err);
	rc = kb_oci_take_docker(source, arch, tag, &docker, image, err);
	if (rc < 0 || !has_index)
		return rc;
	rc = kb_oci_take_index(source, arch, tag, &index, &other, err);
	if (rc < 0)
		return rc;
	if (!kb_digest_eq(&other.config, &image->config))
		return kb_err_set(err, KB_E_INVALID,
				  "%s: manifest.json means image %s, index.json %s", source->name,
				  kb_digest_hex(&image->config), kb_digest_hex(&other.config));
	image->has_index = image->has_manifest = true;
	image->index = other.index;
	image->manifest = other.manifest;
	return 0;
}

int kb_oci_find(const struct kb_oci_source *source, const char *arch, const char *tag,
		struct kb_oci_image *ret_image, struct kb_err *err)
{
	struct kb_oci_image image = {0};
	int rc = find_image(source, arch, tag, &image, err);

	if (rc < 0)
		kb_oci_image_free(&image);
	else
		*ret_image = image;
	return rc;
}

/* Layers that another image, or a fetch that was cut off, brought already are
 * digested again and not read from the source. */
static int import_missing(const struct kb_oci_source *source, struct kb_oci_image *image,
			  struct kb_store *store, struct kb_err *err)
{
	kb_autofree struct kb_oci_layer *wanted = kb_alloc(image->n_layers, sizeof(*wanted));
	kb_autofree size_t *from = kb_alloc(image->n_layers, sizeof(*from));
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < image->n_layers; i++) {
		struct kb_oci_layer *layer = &image->layers[i];

		if (kb_store_has(store, &layer->diff_id, &layer->size) &&
		    kb_store_check(store, &layer->diff_id, NULL) == 0)
			continue;
		from[n] = i;
		wanted[n++] = *layer;
	}
	rc = n ? source->layers(source->ctx, store, wanted, n, err) : 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		image->layers[from[i]].size = wanted[i].size;
	return rc;
}

int kb_oci_import(const struct kb_oci_source *source, struct kb_oci_image *image,
		  const char *origin, struct kb_store *store, struct kb_image_content *ret_content,
		  struct kb_err *err)
{
	size_t n = image->n_layers;
	int rc;

	if ((rc = import_missing(source, image, store, err)) < 0 ||
	    (rc = kb_store_put(store, image->config_text.data, image->config_text.len, NULL, err)) <
		    0)
		return rc;
	ret_content->origin = kb_strdup(origin);
	ret_content->config = image->config;
	ret_content->layers = kb_alloc(n, sizeof(*ret_content->layers));
	ret_content->sizes = kb_alloc(n, sizeof(*ret_content->sizes));
	ret_content->n_layers = n;
	for (size_t i = 0; i < n; i++) {
		ret_content->layers[i] = image->layers[i].diff_id;
		ret_content->sizes[i] = image->layers[i].size;
	}
	return 0;
}
