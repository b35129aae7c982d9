#include "stub/image_send.h"

#include "core/mem.h"
#include "core/tar.h"
#include "stub/image_oci.h"

#define OCI_LAYOUT "{\"imageLayoutVersion\":\"1.0.0\"}"

struct sender {
	struct kb_engine *engine;
	const struct kb_image_feed *feed;
	const struct kb_image_plan *plan;
	struct kb_tar_writer *tar;
	struct kb_http *http;
	uint64_t sent;
	struct kb_err *err;
};

static int to_http(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	struct sender *s = ctx;

	s->sent += len;
	return kb_http_send(s->http, data, len, err);
}

/* Plain bytes of the blob that is being written. */
static int to_tar(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	struct sender *s = ctx;
	struct kb_engine *e = s->engine;

	e->done += len;
	if (kb_progress_step(e->progress, e->what, e->done, e->total) != 0)
		return kb_err_set(err, KB_E_INTERRUPTED, "stopped while loading images");
	return kb_tar_data(s->tar, data, len, err);
}

static int put_blob(struct sender *s, uint32_t blob)
{
	const struct kb_blob *b = &s->feed->manifest->blobs[blob];
	char path[KB_IMAGE_PATH_LEN + 1];
	int rc;

	kb_image_path(&b->digest, path);
	rc = kb_tar_file(s->tar, path, 0644, b->size, s->err);
	return rc ? rc : s->feed->stream(s->feed->ctx, blob, to_tar, s, s->err);
}

static int put_text(struct sender *s, const char *path, const struct kb_buf *text)
{
	return kb_tar_whole(s->tar, path, 0644, text->data, text->len, s->err);
}

/* manifest.json is what graph drivers and podman read. */
static int put_docker_list(struct sender *s)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	kb_image_docker_list(s->feed->manifest, s->plan->images, s->plan->n_images, false, &text);
	return put_text(s, "manifest.json", &text);
}

static int put_oci_manifest(struct sender *s, const struct kb_image *image)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	char path[KB_IMAGE_PATH_LEN + 1];
	struct kb_digest digest;

	kb_image_oci_manifest(s->feed->manifest, image, &text);
	kb_digest_of(text.data, text.len, &digest);
	kb_image_path(&digest, path);
	return put_text(s, path, &text);
}

/* The containerd store makes its own manifests out of a docker archive, with
 * digests that differ between its versions; given a layout it keeps ours. */
static int put_oci_layout(struct sender *s)
{
	static const struct kb_buf layout = {(char *)(uintptr_t)OCI_LAYOUT, sizeof(OCI_LAYOUT) - 1,
					     0};
	kb_autobuf struct kb_buf index = KB_BUF_INIT;
	int rc = put_text(s, "oci-layout", &layout);

	kb_image_oci_index(s->feed->manifest, s->plan->images, s->plan->n_images, &index);
	if (rc == 0)
		rc = put_text(s, "index.json", &index);
	for (size_t i = 0; rc == 0 && i < s->plan->n_images; i++)
		rc = put_oci_manifest(s, s->plan->images[i]);
	return rc;
}

static bool config_before(const struct kb_image_plan *plan, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (plan->images[i]->config == plan->images[n]->config)
			return true;
	return false;
}

static int put_all(struct sender *s)
{
	const struct kb_image_plan *plan = s->plan;
	int rc = put_docker_list(s);

	if (rc == 0 && kb_engine_info(s->engine)->store == KB_ENGINE_CONTAINERD)
		rc = put_oci_layout(s);
	for (size_t i = 0; rc == 0 && i < plan->n_images; i++)
		if (!config_before(plan, i))
			rc = put_blob(s, plan->images[i]->config);
	for (size_t i = 0; rc == 0 && i < plan->n_layers; i++)
		rc = put_blob(s, plan->layers[i]);
	return rc ? rc : kb_tar_end(s->tar, s->err);
}

int kb_image_send(struct kb_engine *engine, const struct kb_image_feed *feed,
		  const struct kb_image_plan *plan, struct kb_http *http, uint64_t *ret_sent,
		  struct kb_err *err)
{
	struct sender s = {engine, feed, plan, NULL, http, 0, err};
	uint64_t largest = 0;
	int rc;

	for (size_t i = 0; i < plan->n_layers; i++)
		if (feed->manifest->blobs[plan->layers[i]].size > largest)
			largest = feed->manifest->blobs[plan->layers[i]].size;
	s.tar = kb_tar_writer_new(to_http, &s, largest);
	rc = put_all(&s);
	kb_tar_writer_free(s.tar);
	*ret_sent = s.sent;
	return rc;
}
