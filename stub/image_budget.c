#include <stdlib.h>
#include <sys/stat.h>

#include "core/mem.h"
#include "stub/image_plan.h"
#include "stub/image_present.h"
#include "stub/image_sync.h"

#define HEADER_LEN   512
#define PODMAN_TMP   "/var/tmp"
#define OVERHEAD_DIV 8             /* files end in half-used blocks, folders and inodes */
#define OVERHEAD_MIN (16ull << 20) /* the engine's databases */

static uint64_t archive_size(const struct kb_manifest *m, const struct kb_image_plan *plan)
{
	uint64_t bytes = 1 << 20; /* lists, configs, end */

	for (size_t i = 0; i < plan->n_layers; i++)
		bytes += HEADER_LEN + ((m->blobs[plan->layers[i]].size + HEADER_LEN - 1) &
				       ~(uint64_t)(HEADER_LEN - 1));
	return bytes;
}

static void place(struct kb_image_budget *b, const char *path, uint64_t bytes)
{
	b->places[b->n_places++] = (struct kb_image_place){path, bytes};
}

/* Docker's graph drivers write the archive to DockerRootDir/tmp and unpack it
 * from there; the containerd store keeps the packed layers beside the unpacked
 * ones; podman has its copy in /var/tmp. */
static void divide(const struct kb_engine_info *info, const struct kb_image_plan *plan,
		   struct kb_image_budget *b)
{
	uint64_t unpacked = plan->bytes + plan->bytes / OVERHEAD_DIV + OVERHEAD_MIN;
	struct stat st;

	switch (info->store) {
	case KB_ENGINE_LAYERS: place(b, info->root, b->stream + unpacked); break;
	case KB_ENGINE_CONTAINERD:
		place(b,
		      stat(KB_IMAGE_CONTAINERD_ROOT, &st) == 0 ? KB_IMAGE_CONTAINERD_ROOT
							       : info->root,
		      b->stream + unpacked);
		break;
	case KB_ENGINE_PODMAN:
		place(b, info->root, unpacked);
		place(b, PODMAN_TMP, b->stream);
		break;
	}
}

int kb_image_budget(struct kb_engine *engine, const struct kb_manifest *m,
		    const struct kb_image_status *status, size_t n,
		    struct kb_image_budget *ret_budget, struct kb_err *err)
{
	kb_autofree const struct kb_image **images = kb_alloc(n, sizeof(*images));
	struct kb_image_budget budget = {0};
	struct kb_image_plan plan;
	bool skip = true; /* layers of a damaged image go with it */
	size_t wanted = 0;
	int rc;

	for (size_t i = 0; i < n; i++) {
		if (status[i].state == KB_IMAGE_ABSENT || status[i].state == KB_IMAGE_DAMAGED)
			images[wanted++] = status[i].image;
		skip = skip && status[i].state != KB_IMAGE_DAMAGED;
	}
	if (wanted) {
		rc = kb_image_plan(engine, m, images, wanted, skip, &plan, err);
		if (rc < 0)
			return rc;
		budget.stream = archive_size(m, &plan);
		divide(kb_engine_info(engine), &plan, &budget);
		kb_image_plan_free(&plan);
	}
	*ret_budget = budget;
	return 0;
}
