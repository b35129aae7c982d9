#include <stdlib.h>
#include <string.h>

#include "core/tar.h"
#include "stub/engine_call.h"
#include "stub/image_oci.h"
#include "stub/image_present.h"

#define SLACK (64u << 20) /* what an export has beside the layers */

/* Whatever an engine calls the members of its export, the signed blobs must be
 * among them, byte for byte. */
struct export {
	struct kb_engine *engine;
	const struct kb_manifest *m;
	const struct kb_image *image;
	struct kb_http *http;
	struct kb_tar_reader *tar;
	struct kb_sha256 *sha;
	uint8_t *seen; /* per blob */
};

static int from_http(void *ctx, const void **ret_data, size_t *ret_len, struct kb_err *err)
{
	struct export *x = ctx;
	struct kb_engine *e = x->engine;
	const char *data;
	int rc = kb_http_next(x->http, &data, ret_len, err);

	if (rc < 0)
		return rc;
	*ret_data = data;
	e->done = e->done + *ret_len < e->total ? e->done + *ret_len : e->total;
	if (kb_progress_step(e->progress, e->what, e->done, e->total) != 0)
		return kb_err_set(err, KB_E_INTERRUPTED, "stopped while checking images");
	return 0;
}

static int digest_member(struct export *x, struct kb_err *err)
{
	struct kb_digest digest;
	const void *data;
	size_t len;
	long blob;
	int rc;

	for (;;) {
		rc = kb_tar_read(x->tar, &data, &len, err);
		if (rc < 0)
			return rc;
		if (len == 0)
			break;
		kb_sha256_add(x->sha, data, len);
	}
	kb_sha256_end(x->sha, &digest);
	blob = kb_manifest_blob(x->m, &digest);
	if (blob >= 0)
		x->seen[blob] = 1;
	return 0;
}

static int read_export(struct export *x, struct kb_err *err)
{
	struct kb_tar_member member;
	int rc;

	while ((rc = kb_tar_next(x->tar, &member, err)) > 0) {
		if (member.regular)
			rc = digest_member(x, err);
		if (rc < 0)
			break;
	}
	return rc;
}

static bool complete(const struct export *x)
{
	bool all = x->seen[x->image->config];

	for (size_t i = 0; i < x->image->n_layers; i++)
		all = all && x->seen[x->image->layers[i]];
	return all;
}

/* An engine that meets damage while it exports says so in many ways: a status,
 * words in the middle of the archive, a connection cut off. If it is otherwise
 * well and not out of space, the image is what is wrong. */
static int judge(struct export *x, int rc, bool *ret_whole)
{
	*ret_whole = false;
	if (rc == 0)
		*ret_whole = complete(x);
	if (rc == 0 || rc == KB_E_DAMAGED)
		return 0;
	if (rc == KB_E_DEPENDENCY && kb_engine_ping(x->engine, NULL) == 0)
		return 0;
	return rc;
}

static int fetch(struct export *x, struct kb_err *err)
{
	int status, rc = kb_http_answer(x->http, &status, err);

	if (rc < 0)
		return rc;
	if (status != 200) {
		kb_autobuf struct kb_buf body = KB_BUF_INIT;

		rc = kb_engine_rest(x->http, KB_ENGINE_ANSWER_MAX, &body, err);
		return rc < 0 ? rc : kb_engine_refusal(status, body.data, body.len, err);
	}
	return read_export(x, err);
}

static int run(struct export *x, const char *id, struct kb_err *err)
{
	kb_autofree char *target = kb_format("/images/%s/get", id);
	struct kb_engine_request request = {
		.method = "GET",
		.target = target,
		.answer_max = kb_manifest_image_size(x->m, x->image) + SLACK,
		.slow = true,
	};
	int rc = kb_engine_begin(x->engine, &request, &x->http, err);

	if (rc < 0)
		return rc;
	x->tar = kb_tar_reader_new(from_http, x);
	x->sha = kb_sha256_new();
	rc = fetch(x, err);
	kb_sha256_free(x->sha);
	kb_tar_reader_free(x->tar);
	kb_http_free(x->http);
	return rc;
}

int kb_image_check_content(struct kb_engine *e, const struct kb_manifest *m,
			   const struct kb_image *image, const struct kb_progress *progress,
			   bool *ret_whole, struct kb_err *err)
{
	struct export x = {.engine = e, .m = m, .image = image};
	const struct kb_progress *kept = e->progress;
	const char *what = e->what;
	char id[KB_IMAGE_ID_LEN + 1];
	struct kb_err fault = {0};
	int rc;

	kb_image_id(e, m, image, id);
	x.seen = kb_alloc(m->n_blobs, 1);
	if (progress)
		e->progress = progress;
	e->what = "check images";
	e->done = 0;
	e->total = kb_manifest_image_size(m, image);
	rc = run(&x, id, &fault);
	e->progress = kept;
	e->what = what;
	e->done = e->total = 0;
	rc = judge(&x, rc, ret_whole);
	free(x.seen);
	if (rc < 0)
		return kb_err_set(err, rc, "checking image %s: %.900s", image->reference,
				  fault.text);
	return 0;
}
