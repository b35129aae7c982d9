#include "stub/image_rootfs.h"

#include <stdlib.h>

#include "core/json.h"
#include "core/json_read.h"
#include "stub/engine_call.h"

static void describe(const char *image_id, struct kb_buf *body)
{
	struct kb_json j;

	kb_json_init(&j, body);
	kb_json_object(&j);
	kb_json_key_text(&j, "Image", image_id);
	kb_json_key(&j, "Cmd");
	kb_json_array(&j);
	kb_json_text(&j, "never-started");
	kb_json_array_end(&j);
	kb_json_key_bool(&j, "NetworkDisabled", true);
	kb_json_key(&j, "Labels");
	kb_json_object(&j);
	kb_json_key_text(&j, KB_IMAGE_ROOTFS_LABEL, "1");
	kb_json_object_end(&j);
	kb_json_object_end(&j);
	kb_json_finish(&j);
}

static int post(struct kb_engine *e, const char *target, const struct kb_buf *body,
		struct kb_buf *answer, struct kb_err *err)
{
	struct kb_engine_request request = {
		.method = "POST",
		.target = target,
		.content_type = "application/json",
		.answer_max = KB_ENGINE_ANSWER_MAX,
		.slow = true,
	};
	kb_autohttp struct kb_http *http = NULL;
	int status = 0, rc = kb_engine_begin(e, &request, &http, err);

	if (rc == 0)
		rc = kb_http_send(http, body->data, body->len, err);
	if (rc >= 0)
		rc = kb_http_answer(http, &status, err);
	if (rc == 0)
		rc = kb_engine_rest(http, KB_ENGINE_ANSWER_MAX, answer, err);
	if (rc == 0 && (status < 200 || status > 299))
		rc = kb_engine_refusal(status, answer->data, answer->len, err);
	return rc;
}

static int create(struct kb_engine *e, const char *image_id, char **ret_id, struct kb_err *err)
{
	kb_autobuf struct kb_buf body = KB_BUF_INIT, answer = KB_BUF_INIT;
	kb_autovalue struct kb_value *json = NULL;
	int rc;

	describe(image_id, &body);
	rc = post(e, "/containers/create", &body, &answer, err);
	if (rc < 0)
		return rc;
	if (kb_json_parse("answer", answer.data ? answer.data : "", answer.len, &json, NULL) < 0 ||
	    !*kb_json_member(json, "Id"))
		return kb_err_set(err, KB_E_DEPENDENCY, "a container without an id");
	*ret_id = kb_strdup(kb_json_member(json, "Id"));
	return 0;
}

static char *target_of(const char *id, const char *rest)
{
	struct kb_buf target = KB_BUF_INIT;

	kb_buf_puts(&target, "/containers/");
	kb_engine_quote(&target, id, true);
	kb_buf_puts(&target, rest);
	return kb_buf_steal(&target);
}

static int drop(struct kb_engine *e, const char *id, struct kb_err *err)
{
	kb_autofree char *target = target_of(id, "?force=1&v=1");
	struct kb_engine_request request = {"DELETE", target, NULL, KB_ENGINE_ANSWER_MAX, true};
	kb_autobuf struct kb_buf answer = KB_BUF_INIT;
	bool found;

	return kb_engine_call(e, &request, &answer, &found, err);
}

/* What an earlier run, cut short, left behind would hold the image. */
static int drop_leftovers(struct kb_engine *e, struct kb_err *err)
{
	struct kb_engine_container *list;
	size_t n;
	int rc = kb_engine_containers(e, KB_IMAGE_ROOTFS_LABEL, &list, &n, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = drop(e, list[i].id, err);
	kb_engine_containers_free(list, n);
	return rc;
}

static int from_http(void *ctx, const void **ret_data, size_t *ret_len, struct kb_err *err)
{
	const char *data;
	int rc = kb_http_next(ctx, &data, ret_len, err);

	*ret_data = data;
	return rc;
}

static int export(struct kb_engine *e, const char *id, uint64_t max, struct kb_image_tree *root,
		  struct kb_err *err)
{
	kb_autofree char *target = target_of(id, "/export");
	struct kb_engine_request request = {"GET", target, NULL, max, true};
	kb_autohttp struct kb_http *http = NULL;
	kb_autobuf struct kb_buf body = KB_BUF_INIT;
	struct kb_tar_reader *r;
	int status = 0, rc = kb_engine_begin(e, &request, &http, err);

	if (rc == 0)
		rc = kb_http_answer(http, &status, err);
	if (rc == 0 && status != 200) {
		rc = kb_engine_rest(http, KB_ENGINE_ANSWER_MAX, &body, err);
		return rc < 0 ? rc : kb_engine_refusal(status, body.data, body.len, err);
	}
	if (rc < 0)
		return rc;
	r = kb_tar_reader_new(from_http, http);
	rc = kb_image_tree_read(root, r, err);
	kb_tar_reader_free(r);
	return rc;
}

int kb_image_rootfs_read(struct kb_engine *e, const char *image_id, uint64_t max,
			 struct kb_image_tree *root, struct kb_err *err)
{
	kb_autofree char *id = NULL;
	int rc = drop_leftovers(e, err), dropped;

	if (rc == 0)
		rc = create(e, image_id, &id, err);
	if (rc < 0)
		return rc;
	rc = export(e, id, max, root, err);
	dropped = drop(e, id, rc < 0 ? NULL : err);
	return rc < 0 ? rc : dropped;
}
