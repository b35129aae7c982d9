#include "stub/image_present.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/tar.h"
#include "stub/engine_call.h"
#include "stub/image_oci.h"

static bool same_layers(const struct kb_manifest *m, const struct kb_image *image,
			const struct kb_engine_image *there)
{
	if (there->n_layers != image->n_layers)
		return false;
	for (size_t i = 0; i < image->n_layers; i++)
		if (!kb_digest_eq(&m->blobs[image->layers[i]].digest, &there->layers[i]))
			return false;
	return true;
}

/* Who has the reference? The engine answers with the whole image. */
static int look_up_reference(struct kb_engine *engine, struct kb_image_status *s,
			     struct kb_err *err)
{
	struct kb_engine_image *there;
	int rc = kb_engine_image(engine, s->image->reference, &there, err);

	if (rc < 0)
		return rc;
	if (there && strcmp(there->id, s->id) == 0 && s->state == KB_IMAGE_UNTAGGED)
		s->state = KB_IMAGE_PRESENT;
	else if (there && strcmp(there->id, s->id) != 0)
		memcpy(s->replaces, there->id, sizeof(s->replaces));
	kb_engine_image_free(there);
	return 0;
}

static int look_up(struct kb_engine *engine, const struct kb_manifest *m, struct kb_image_status *s,
		   struct kb_err *err)
{
	struct kb_engine_image *there;
	int rc;

	kb_image_id(engine, m, s->image, s->id);
	rc = kb_engine_image(engine, s->id, &there, err);
	if (rc < 0)
		return rc;
	if (there)
		s->state = strcmp(there->id, s->id) == 0 && same_layers(m, s->image, there)
				   ? KB_IMAGE_UNTAGGED
				   : KB_IMAGE_DAMAGED;
	kb_engine_image_free(there);
	return look_up_reference(engine, s, err);
}

int kb_image_present(struct kb_engine *engine, const struct kb_manifest *m,
		     const struct kb_image *const *images, size_t n, bool check_content,
		     const struct kb_progress *progress, struct kb_image_status *ret_status,
		     struct kb_err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct kb_image_status *s = &ret_status[i];
		bool whole = true;
		int rc;

		memset(s, 0, sizeof(*s));
		s->image = images[i];
		s->doubtful = check_content;
		s->state = KB_IMAGE_ABSENT;
		rc = look_up(engine, m, s, err);
		if (rc == 0 && check_content &&
		    (s->state == KB_IMAGE_PRESENT || s->state == KB_IMAGE_UNTAGGED))
			rc = kb_image_check_content(engine, m, s->image, progress, &whole, err);
		if (rc < 0)
			return rc;
		if (!whole)
			s->state = KB_IMAGE_DAMAGED;
	}
	return 0;
}
