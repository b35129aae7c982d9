#include <stdlib.h>
#include <string.h>

#include "core/tar.h"
#include "stub/engine_call.h"
#include "stub/image_oci.h"
#include "stub/image_present.h"
#include "stub/image_rootfs.h"
#include "stub/image_tree.h"

#define SLACK (64u << 20) /* what an export has beside the layers */

enum { SEEN = 1, READ = 2 };

/* Whatever an engine calls the members of its export, the signed blobs must be
 * among them, byte for byte. */
struct export
{
	struct kb_engine *engine;
	const struct kb_manifest *m;
	const struct kb_image *image;
	struct kb_http *http;
	struct kb_tar_reader *tar;
	struct kb_sha256 *sha;
	uint8_t *seen;               /* per blob: SEEN, READ */
	struct kb_image_tree *trees; /* per blob, what is in a layer; NULL: not asked */
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

static int from_member(void *ctx, const void **ret_data, size_t *ret_len, struct kb_err *err)
{
	struct export *x = ctx;
	int rc = kb_tar_read(x->tar, ret_data, ret_len, err);

	if (rc == 0)
		kb_sha256_add(x->sha, *ret_data, *ret_len);
	return rc;
}

/* The layer that a member called blobs/sha256/HEX should be, or -1. */
static long layer_of(const struct export *x, const char *path)
{
	struct kb_digest digest;
	long blob;

	if (!x->trees || strncmp(path, "blobs/sha256/", 13) != 0 ||
	    !kb_digest_parse(path + 13, &digest))
		return -1;
	blob = kb_manifest_blob(x->m, &digest);
	for (size_t i = 0; i < x->image->n_layers; i++)
		if (x->image->layers[i] == blob)
			return blob;
	return -1;
}

static int read_layer(struct export *x, long blob, struct kb_err *err)
{
	struct kb_tar_reader *r = kb_tar_reader_new(from_member, x);
	int rc;

	kb_image_tree_free(&x->trees[blob]);
	rc = kb_image_tree_read(&x->trees[blob], r, err);
	kb_tar_reader_free(r);
	x->seen[blob] |= READ;
	return rc;
}

static int digest_member(struct export *x, const char *path, struct kb_err *err)
{
	long blob = layer_of(x, path);
	struct kb_digest digest;
	const void *data;
	size_t len;
	int rc = blob >= 0 ? read_layer(x, blob, err) : 0;

	do {
		if (rc == 0)
			rc = from_member(x, &data, &len, err);
	} while (rc == 0 && len);
	kb_sha256_end(x->sha, &digest);
	blob = kb_manifest_blob(x->m, &digest);
	if (rc == 0 && blob >= 0)
		x->seen[blob] |= SEEN;
	return rc;
}

static int read_export(struct export *x, struct kb_err *err)
{
	struct kb_tar_member member;
	int rc;

	while ((rc = kb_tar_next(x->tar, &member, err)) > 0) {
		if (member.regular)
			rc = digest_member(x, member.path, err);
		if (rc < 0)
			break;
	}
	return rc;
}

static bool complete(const struct export *x)
{
	uint8_t want = x->trees ? SEEN | READ : SEEN;
	bool all = x->seen[x->image->config] & SEEN;

	for (size_t i = 0; i < x->image->n_layers; i++)
		all = all && (x->seen[x->image->layers[i]] & want) == want;
	return all;
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

/* What is unpacked against what the layers say. */
static int check_unpacked(struct export *x, const char *id, bool *ret_whole, struct kb_err *err)
{
	uint64_t max = kb_manifest_image_size(x->m, x->image) + SLACK;
	struct kb_image_tree stack = {0}, root = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < x->image->n_layers; i++)
		rc = kb_image_tree_stack(&stack, &x->trees[x->image->layers[i]], (uint16_t)i, err);
	if (rc == 0)
		rc = kb_image_rootfs_read(x->engine, id, max, &root, err);
	if (rc == 0)
		*ret_whole = kb_image_tree_covers(&root, &stack, NULL);
	kb_image_tree_free(&stack);
	kb_image_tree_free(&root);
	return rc;
}

static int check(struct export *x, bool *ret_whole, struct kb_err *err)
{
	char id[KB_IMAGE_ID_LEN + 1];
	int rc;

	kb_image_id(x->engine, x->m, x->image, id);
	if (kb_engine_info(x->engine)->store == KB_ENGINE_CONTAINERD)
		x->trees = kb_alloc(x->m->n_blobs, sizeof(*x->trees));
	rc = run(x, id, err);
	*ret_whole = rc == 0 && complete(x);
	if (*ret_whole && x->trees)
		rc = check_unpacked(x, id, ret_whole, err);
	for (size_t i = 0; x->trees && i < x->m->n_blobs; i++)
		kb_image_tree_free(&x->trees[i]);
	free(x->trees);
	return rc;
}

/* An engine that meets damage while it exports says so in many ways: a status,
 * words in the middle of the archive, a connection cut off. If it is otherwise
 * well and not out of space, the image is what is wrong. */
static int judge(struct export *x, int rc, bool *ret_whole)
{
	if (rc < 0)
		*ret_whole = false;
	if (rc == 0 || rc == KB_E_DAMAGED)
		return 0;
	if (rc == KB_E_DEPENDENCY && kb_engine_ping(x->engine, NULL) == 0)
		return 0;
	return rc;
}

int kb_image_check_content(struct kb_engine *e, const struct kb_manifest *m,
			   const struct kb_image *image, const struct kb_progress *progress,
			   bool *ret_whole, struct kb_err *err)
{
	struct export x = {.engine = e, .m = m, .image = image};
	const struct kb_progress *kept = e->progress;
	const char *what = e->what;
	struct kb_err fault = {0};
	int rc;

	x.seen = kb_alloc(m->n_blobs, 1);
	if (progress)
		e->progress = progress;
	e->what = "check images";
	e->done = 0;
	e->total = kb_manifest_image_size(m, image);
	rc = check(&x, ret_whole, &fault);
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
