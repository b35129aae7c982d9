#include "stub/image_oci.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"

#define TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define TYPE_INDEX    "application/vnd.oci.image.index.v1+json"
#define TYPE_CONFIG   "application/vnd.oci.image.config.v1+json"
#define TYPE_LAYER    "application/vnd.oci.image.layer.v1.tar"

static void format_id(const struct kb_digest *digest, char ret_id[KB_IMAGE_ID_LEN + 1])
{
	memcpy(ret_id, "sha256:", 7);
	kb_hex(digest->b, KB_DIGEST_LEN, ret_id + 7);
}

static void descriptor(struct kb_json *j, const char *type, const struct kb_digest *digest,
		       uint64_t size)
{
	char id[KB_IMAGE_ID_LEN + 1];

	format_id(digest, id);
	kb_json_object(j);
	kb_json_key_text(j, "mediaType", type);
	kb_json_key_text(j, "digest", id);
	kb_json_key_u64(j, "size", size);
	kb_json_object_end(j);
}

static void blob_descriptor(struct kb_json *j, const char *type, const struct kb_blob *blob)
{
	descriptor(j, type, &blob->digest, blob->size);
}

void kb_image_oci_manifest(const struct kb_manifest *m, const struct kb_image *image,
			   struct kb_buf *out)
{
	struct kb_json j;

	kb_json_init(&j, out);
	kb_json_object(&j);
	kb_json_key_u64(&j, "schemaVersion", 2);
	kb_json_key_text(&j, "mediaType", TYPE_MANIFEST);
	kb_json_key(&j, "config");
	blob_descriptor(&j, TYPE_CONFIG, &m->blobs[image->config]);
	kb_json_key(&j, "layers");
	kb_json_array(&j);
	for (size_t i = 0; i < image->n_layers; i++)
		blob_descriptor(&j, TYPE_LAYER, &m->blobs[image->layers[i]]);
	kb_json_array_end(&j);
	kb_json_object_end(&j);
	kb_json_finish(&j);
}

void kb_image_id(const struct kb_engine *engine, const struct kb_manifest *m,
		 const struct kb_image *image, char ret_id[KB_IMAGE_ID_LEN + 1])
{
	kb_autobuf struct kb_buf manifest = KB_BUF_INIT;
	struct kb_digest digest = m->blobs[image->config].digest;

	if (kb_engine_info(engine)->store == KB_ENGINE_CONTAINERD) {
		kb_image_oci_manifest(m, image, &manifest);
		kb_digest_of(manifest.data, manifest.len, &digest);
	}
	format_id(&digest, ret_id);
}

void kb_image_oci_index(const struct kb_manifest *m, const struct kb_image *const *images, size_t n,
			struct kb_buf *out)
{
	struct kb_json j;

	kb_json_init(&j, out);
	kb_json_object(&j);
	kb_json_key_u64(&j, "schemaVersion", 2);
	kb_json_key_text(&j, "mediaType", TYPE_INDEX);
	kb_json_key(&j, "manifests");
	kb_json_array(&j);
	for (size_t i = 0; i < n; i++) {
		kb_autobuf struct kb_buf manifest = KB_BUF_INIT;
		struct kb_digest digest;

		kb_image_oci_manifest(m, images[i], &manifest);
		kb_digest_of(manifest.data, manifest.len, &digest);
		descriptor(&j, TYPE_MANIFEST, &digest, manifest.len);
	}
	kb_json_array_end(&j);
	kb_json_object_end(&j);
	kb_json_finish(&j);
}
