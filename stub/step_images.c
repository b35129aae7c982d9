#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/dir.h"
#include "core/name.h"
#include "core/show.h"
#include "stub/image_load.h"
#include "stub/paths.h"
#include "stub/step.h"

static void set_digests(const struct kb_manifest *m, struct kb_plan_item *item)
{
	struct kb_step_digest d;

	kb_step_digest_begin(&d, item->step);
	for (size_t i = 0; i < item->n_images; i++) {
		const struct kb_image *image = item->image_list[i];

		kb_step_digest_add(&d, m->blobs[image->config].digest.b, KB_DIGEST_LEN);
		kb_step_digest_text(&d, image->reference);
		for (size_t j = 0; j < image->n_layers; j++)
			kb_step_digest_add(&d, m->blobs[image->layers[j]].digest.b, KB_DIGEST_LEN);
	}
	kb_step_digest_end(&d, &item->input);
	item->result = item->input;
}

static void decide(const struct kb_manifest *m, struct kb_plan_item *item)
{
	size_t absent = 0, unnamed = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < item->n_images; i++) {
		if (item->images[i].state == KB_IMAGE_UNTAGGED) {
			unnamed++;
		} else if (item->images[i].state != KB_IMAGE_PRESENT) {
			absent++;
			bytes += kb_manifest_image_size(m, item->image_list[i]);
		}
	}
	if (absent)
		kb_step_decide(item, KB_ACTION_ADD, "%zu of %zu to load, %s", absent,
			       item->n_images, kb_show_size(bytes));
	else if (unnamed)
		kb_step_decide(item, KB_ACTION_CHANGE, "%zu of %zu to name", unnamed,
			       item->n_images);
	else
		kb_step_decide(item, KB_ACTION_KEEP, "%zu present", item->n_images);
}

/* Does the journal of another role end in an install that a power cut ended?
 * Images share layers, so its doubts are ours. A journal that cannot be read is
 * one more. */
static bool role_is_doubtful(struct kb_scene *scene, const char *role)
{
	kb_autoclose int dirfd =
		openat(scene->state.base, role, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct kb_journal *journal = NULL;
	bool doubtful;

	if (dirfd < 0)
		return false;
	if (kb_journal_open(dirfd, role, scene->boot, &journal, NULL) < 0)
		return true;
	doubtful = kb_journal_is_doubtful(journal, NULL);
	kb_journal_close(journal);
	return doubtful;
}

/* One that cannot be looked for is one more doubt. */
static bool others_are_doubtful(struct kb_scene *scene)
{
	kb_autodir DIR *dir = NULL;
	const char *name;
	int rc;

	if (scene->state.base < 0)
		return false;
	if (kb_dir_open(scene->state.base, ".", &dir, NULL) < 0)
		return true;
	while ((rc = kb_dir_next(dir, &name, NULL)) > 0)
		if (kb_name_check_id(name, NULL) == 0 && strcmp(name, scene->m->role) != 0 &&
		    strcmp(name, KB_NAME_ROLLBACK) != 0 && role_is_doubtful(scene, name))
			return true;
	return rc < 0;
}

static int inspect(struct kb_scene *scene, const struct kb_plan *plan, struct kb_plan_item *item,
		   struct kb_err *err)
{
	const struct kb_step *step = item->step;
	int rc;

	(void)plan;
	item->n_images = step->n_args;
	item->images = kb_alloc(step->n_args, sizeof(*item->images));
	item->image_list = kb_alloc(step->n_args, sizeof(*item->image_list));
	for (size_t i = 0; i < step->n_args; i++)
		item->image_list[i] = kb_manifest_image(scene->m, step->args[i]);
	set_digests(scene->m, item);
	kb_step_decide(item, KB_ACTION_ADD, "%zu images", item->n_images);
	item->doubtful =
		kb_journal_is_doubtful(scene->journal, step->id) || others_are_doubtful(scene);
	if (!scene->engine) /* said once, by the precheck */
		return 0;
	rc = kb_image_present(scene->engine, scene->m, item->image_list, item->n_images,
			      item->doubtful, kb_report_progress(scene->report), item->images, err);
	if (rc < 0)
		return rc;
	decide(scene->m, item);
	return 0;
}

static int load(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	struct kb_image_feed feed;

	kb_image_feed_bundle(scene->bundle, &feed);
	return kb_image_load(scene->engine, &feed, item->images, item->n_images,
			     kb_report_progress(scene->report), NULL, err);
}

/* The engine completes an image with layers it believes to have. Where these
 * are in doubt, look at what came out of it. */
static int find_damaged(struct kb_scene *scene, struct kb_plan_item *item, bool *ret_damaged,
			struct kb_err *err)
{
	*ret_damaged = false;
	for (size_t i = 0; i < item->n_images; i++) {
		bool whole;
		int rc = kb_image_check_content(scene->engine, scene->m, item->image_list[i],
						kb_report_progress(scene->report), &whole, err);

		if (rc < 0)
			return rc;
		if (whole)
			continue;
		item->images[i].state = KB_IMAGE_DAMAGED;
		*ret_damaged = true;
	}
	return 0;
}

static int apply(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	bool damaged = false;
	int rc = load(scene, item, err);

	if (rc == 0 && item->doubtful)
		rc = find_damaged(scene, item, &damaged, err);
	if (rc == 0 && damaged)
		rc = load(scene, item, err);
	return rc;
}

const struct kb_step_ops kb_step_images = {.inspect = inspect, .apply = apply};
