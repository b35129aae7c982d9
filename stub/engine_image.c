#include <stdlib.h>
#include <string.h>

#include "core/json_read.h"
#include "stub/engine_call.h"

static char *image_target(const char *name, const char *rest)
{
	struct kb_buf target = KB_BUF_INIT;

	kb_buf_puts(&target, "/images/");
	kb_engine_quote(&target, name, false);
	kb_buf_puts(&target, rest);
	return kb_buf_steal(&target);
}

void kb_engine_image_free(struct kb_engine_image *image)
{
	if (!image)
		return;
	for (size_t i = 0; i < image->n_tags; i++)
		free(image->tags[i]);
	free(image->tags);
	free(image->layers);
	free(image->id);
	free(image);
}

/* Podman leaves the algorithm out in some answers. */
static int read_id(const char *text, char **ret_id, struct kb_err *err)
{
	struct kb_digest digest;

	if (strncmp(text, "sha256:", 7) == 0)
		text += 7;
	if (!kb_digest_parse(text, &digest))
		return kb_err_set(err, KB_E_DEPENDENCY,
				  "container engine: an image id that is no SHA-256");
	*ret_id = kb_format("sha256:%s", text);
	return 0;
}

static int read_layers(const struct kb_value *json, struct kb_engine_image *image,
		       struct kb_err *err)
{
	const struct kb_value *fs = kb_value_get(json, "RootFS");
	const struct kb_value *list = fs ? kb_value_get(fs, "Layers") : NULL;
	size_t n = list && kb_value_kind(list) == KB_VALUE_LIST ? kb_value_count(list) : 0;

	image->layers = kb_alloc(n, sizeof(*image->layers));
	for (size_t i = 0; i < n; i++) {
		const char *s = kb_value_str(kb_value_at(list, i), NULL);

		if (!s || strncmp(s, "sha256:", 7) != 0 ||
		    !kb_digest_parse(s + 7, &image->layers[i]))
			return kb_err_set(err, KB_E_DEPENDENCY,
					  "container engine: image %s: a layer that is no SHA-256",
					  image->id);
	}
	image->n_layers = n;
	return 0;
}

static void read_tags(const struct kb_value *json, struct kb_engine_image *image)
{
	const struct kb_value *list = kb_value_get(json, "RepoTags");
	size_t n = list && kb_value_kind(list) == KB_VALUE_LIST ? kb_value_count(list) : 0;

	image->tags = kb_alloc(n, sizeof(*image->tags));
	for (size_t i = 0; i < n; i++) {
		const char *s = kb_value_str(kb_value_at(list, i), NULL);

		if (s && *s && strcmp(s, "<none>:<none>") != 0)
			image->tags[image->n_tags++] = kb_strdup(s);
	}
}

int kb_engine_image(struct kb_engine *e, const char *name, struct kb_engine_image **ret_image,
		    struct kb_err *err)
{
	kb_autofree char *target = image_target(name, "/json");
	kb_autovalue struct kb_value *json = NULL;
	struct kb_engine_image *image;
	int rc = kb_engine_get(e, target, KB_ENGINE_ANSWER_MAX, &json, err);

	if (rc < 0)
		return rc;
	if (!json) {
		*ret_image = NULL;
		return 0;
	}
	image = kb_alloc(1, sizeof(*image));
	rc = read_id(kb_json_member(json, "Id"), &image->id, err);
	if (rc == 0)
		rc = read_layers(json, image, err);
	if (rc < 0) {
		kb_engine_image_free(image);
		return rc;
	}
	read_tags(json, image);
	*ret_image = image;
	return 0;
}

int kb_engine_image_ids(struct kb_engine *e, char ***ret_ids, size_t *ret_n, struct kb_err *err)
{
	kb_autovalue struct kb_value *list = NULL;
	size_t n = 0;
	char **ids;
	int rc = kb_engine_get(e, "/images/json?all=1", KB_ENGINE_LIST_MAX, &list, err);

	if (rc < 0)
		return rc;
	if (!list || kb_value_kind(list) != KB_VALUE_LIST)
		return kb_err_set(err, KB_E_DEPENDENCY, "container engine: no list of images");
	ids = kb_alloc(KB_ENGINE_IMAGES_MAX, sizeof(*ids));
	for (size_t i = 0; i < kb_value_count(list) && n < KB_ENGINE_IMAGES_MAX; i++)
		if (read_id(kb_json_member(kb_value_at(list, i), "Id"), &ids[n], NULL) == 0)
			n++;
	*ret_ids = ids;
	*ret_n = n;
	return 0;
}

int kb_engine_tag(struct kb_engine *e, const char *name, const char *reference, struct kb_err *err)
{
	kb_autofree char *path = image_target(name, "/tag?repo=");
	kb_autobuf struct kb_buf target = KB_BUF_INIT, answer = KB_BUF_INIT;
	const char *colon = strrchr(reference, ':');
	struct kb_engine_request request = {"POST", NULL, NULL, KB_ENGINE_ANSWER_MAX, false};
	kb_autofree char *repo = NULL;
	bool found;
	int rc;

	if (!colon || strchr(colon, '/'))
		return kb_err_set(err, KB_E_INVALID, "image reference %s has no tag", reference);
	repo = kb_strndup(reference, (size_t)(colon - reference));
	kb_buf_puts(&target, path);
	kb_engine_quote(&target, repo, true);
	kb_buf_puts(&target, "&tag=");
	kb_engine_quote(&target, colon + 1, true);
	request.target = target.data;
	rc = kb_engine_call(e, &request, &answer, &found, err);
	if (rc == 0 && !found)
		return kb_err_set(err, KB_E_DEPENDENCY,
				  "container engine: image %s is gone; run the same command again",
				  name);
	return rc;
}

static int delete (struct kb_engine *e, const char *name, struct kb_err *err)
{
	kb_autofree char *target = image_target(name, "");
	struct kb_engine_request request = {"DELETE", target, NULL, KB_ENGINE_ANSWER_MAX, true};
	kb_autobuf struct kb_buf answer = KB_BUF_INIT;
	bool found;

	return kb_engine_call(e, &request, &answer, &found, err);
}

/* Never by force: an image that a container uses, also a stopped one, stays and
 * the engine says which. So an id with several references goes one by one. */
int kb_engine_remove(struct kb_engine *e, const char *name, struct kb_err *err)
{
	struct kb_engine_image *image = NULL;
	int rc = 0;

	if (strncmp(name, "sha256:", 7) != 0)
		return delete (e, name, err);
	rc = kb_engine_image(e, name, &image, err);
	if (rc < 0 || !image)
		return rc;
	for (size_t i = 0; rc == 0 && i < image->n_tags; i++)
		rc = delete (e, image->tags[i], err);
	if (rc == 0)
		rc = delete (e, name, err);
	kb_engine_image_free(image);
	return rc;
}
