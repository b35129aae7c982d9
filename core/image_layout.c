#include "core/image_layout.h"

#include <string.h>

#include "core/json.h"

void kb_image_path(const struct kb_digest *digest, char ret_path[KB_IMAGE_PATH_LEN + 1])
{
	memcpy(ret_path, "blobs/sha256/", 13);
	kb_hex(digest->b, KB_DIGEST_LEN, ret_path + 13);
}

static void add_names(struct kb_json *j, const struct kb_image *image, bool named)
{
	kb_json_key(j, "RepoTags");
	if (!named) {
		kb_json_null(j);
		return;
	}
	kb_json_array(j);
	kb_json_text(j, image->reference);
	kb_json_array_end(j);
}

static void add_image(struct kb_json *j, const struct kb_manifest *m, const struct kb_image *image,
		      bool named)
{
	char path[KB_IMAGE_PATH_LEN + 1];

	kb_image_path(&m->blobs[image->config].digest, path);
	kb_json_object(j);
	kb_json_key_text(j, "Config", path);
	add_names(j, image, named);
	kb_json_key(j, "Layers");
	kb_json_array(j);
	for (size_t i = 0; i < image->n_layers; i++) {
		kb_image_path(&m->blobs[image->layers[i]].digest, path);
		kb_json_text(j, path);
	}
	kb_json_array_end(j);
	kb_json_object_end(j);
}

void kb_image_docker_list(const struct kb_manifest *m, const struct kb_image *const *images,
			  size_t n, bool named, struct kb_buf *out)
{
	struct kb_json j;

	kb_json_init(&j, out);
	kb_json_array(&j);
	for (size_t i = 0; i < n; i++)
		add_image(&j, m, images[i], named);
	kb_json_array_end(&j);
	kb_json_finish(&j);
}
