#include "stub/image_plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void kb_image_plan_free(struct kb_image_plan *plan)
{
	for (size_t i = 0; i < plan->n_before; i++)
		free(plan->before[i]);
	free(plan->before);
	free(plan->images);
	free(plan->layers);
	memset(plan, 0, sizeof(*plan));
}

static size_t common(const struct kb_manifest *m, const struct kb_image *image,
		     const struct kb_engine_image *there)
{
	size_t i = 0;

	while (i < image->n_layers && i < there->n_layers &&
	       kb_digest_eq(&m->blobs[image->layers[i]].digest, &there->layers[i]))
		i++;
	return i;
}

/* HELD[i]: how many layers of image i, from its base on, the engine has. */
static int count_held(struct kb_engine *engine, const struct kb_manifest *m,
		      const struct kb_image_plan *plan, size_t *held, struct kb_err *err)
{
	struct kb_engine_image *there;

	for (size_t k = 0; k < plan->n_before; k++) {
		int rc = kb_engine_image(engine, plan->before[k], &there, err);

		if (rc < 0)
			return rc;
		for (size_t i = 0; there && i < plan->n_images; i++) {
			size_t n = common(m, plan->images[i], there);

			held[i] = n > held[i] ? n : held[i];
		}
		kb_engine_image_free(there);
	}
	return 0;
}

enum use { UNUSED, HELD, NEEDED };

static void choose(const struct kb_manifest *m, struct kb_image_plan *plan, const size_t *held)
{
	kb_autofree uint8_t *use = kb_alloc(m->n_blobs, 1);

	plan->layers = kb_alloc(m->n_blobs, sizeof(*plan->layers));
	for (size_t i = 0; i < plan->n_images; i++)
		for (size_t k = 0; k < plan->images[i]->n_layers; k++) {
			uint32_t blob = plan->images[i]->layers[k];

			if (k < held[i]) {
				use[blob] = use[blob] == NEEDED ? NEEDED : HELD;
			} else if (use[blob] != NEEDED) {
				use[blob] = NEEDED;
				plan->layers[plan->n_layers++] = blob;
				plan->bytes += m->blobs[blob].size;
			}
		}
	for (size_t i = 0; i < m->n_blobs; i++)
		plan->skipped += use[i] == HELD;
}

int kb_image_plan(struct kb_engine *engine, const struct kb_manifest *m,
		  const struct kb_image *const *images, size_t n, bool skip,
		  struct kb_image_plan *ret_plan, struct kb_err *err)
{
	kb_autofree size_t *held = kb_alloc(n, sizeof(*held));
	struct kb_image_plan plan = {0};
	int rc;

	plan.images = kb_alloc(n, sizeof(*plan.images));
	memcpy(plan.images, images, n * sizeof(*images));
	plan.n_images = n;
	rc = kb_engine_image_ids(engine, &plan.before, &plan.n_before, err);
	if (rc == 0 && skip && kb_engine_info(engine)->store == KB_ENGINE_LAYERS)
		rc = count_held(engine, m, &plan, held, err);
	if (rc < 0) {
		kb_image_plan_free(&plan);
		return rc;
	}
	choose(m, &plan, held);
	*ret_plan = plan;
	return 0;
}
