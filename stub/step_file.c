#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "stub/step.h"

static struct kb_place place_of(const struct kb_step *step)
{
	return (struct kb_place){
		.path = step->target, .mode = step->mode, .uid = step->uid, .gid = step->gid};
}

/* With `keep` the bytes are a first proposal: what stands there later is the
 * service's own, so their digest is no part of the result. */
static void set_digests(struct kb_plan_item *item, const struct kb_digest *content)
{
	struct kb_step_digest d;

	kb_step_digest_begin(&d, item->step);
	kb_step_digest_add(&d, content->b, sizeof(content->b));
	kb_step_digest_end(&d, &item->input);
	item->result = item->input;
	if (!(item->step->flags & KB_STEP_KEEP))
		return;
	kb_step_digest_begin(&d, item->step);
	kb_step_digest_end(&d, &item->result);
}

static int compare(struct kb_scene *scene, struct kb_plan_item *item,
		   const struct kb_digest *content, uint64_t size, struct kb_err *err)
{
	struct kb_place place = place_of(item->step);

	set_digests(item, content);
	return kb_place_compare(scene, &place, content, size, item->step->flags & KB_STEP_KEEP,
				item, err);
}

static int inspect_file(struct kb_scene *scene, const struct kb_plan *plan,
			struct kb_plan_item *item, struct kb_err *err)
{
	const struct kb_file *file = kb_manifest_file(scene->m, item->step->source);
	const struct kb_blob *blob = &scene->m->blobs[file->blob];

	(void)plan;
	return compare(scene, item, &blob->digest, blob->size, err);
}

static int inspect_template(struct kb_scene *scene, const struct kb_plan *plan,
			    struct kb_plan_item *item, struct kb_err *err)
{
	struct kb_digest content;
	int rc = kb_step_render(scene, item, item->step->mode, err);

	(void)plan;
	if (rc < 0)
		return rc;
	kb_digest_of(item->content.data, item->content.len, &content);
	return compare(scene, item, &content, item->content.len, err);
}

static int to_file(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	const struct kb_newfile *nf = ctx;

	return kb_write_full(nf->fd, data, len, err);
}

/* Streamed: a file may be larger than memory is meant to grow. */
static int apply_file(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	const struct kb_file *file = kb_manifest_file(scene->m, item->step->source);
	kb_autonewfile struct kb_newfile nf = KB_NEWFILE_INIT;
	struct kb_place place = place_of(item->step);
	kb_autoclose int dirfd = -1;
	const char *name;
	int rc;

	if ((rc = kb_place_open(scene, &place, &dirfd, &name, err)) < 0 ||
	    (rc = kb_newfile_open_at(&nf, dirfd, name, place.mode, err)) < 0 ||
	    (rc = kb_bundle_stream(scene->bundle, file->blob, to_file, &nf, err)) < 0)
		return rc;
	return kb_newfile_commit(&nf, place.uid, place.gid, err);
}

static int apply_template(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	struct kb_place place = place_of(item->step);

	return kb_place_write(scene, &place, item->content.data, item->content.len, err);
}

const struct kb_step_ops kb_step_file = {.inspect = inspect_file, .apply = apply_file};
const struct kb_step_ops kb_step_template = {.inspect = inspect_template, .apply = apply_template};
