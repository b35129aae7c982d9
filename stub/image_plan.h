/* What of some images an engine needs to be sent. Docker's graph drivers look a
 * layer up by the chain of diffIDs down to the base before they open its file,
 * so layers of images that are there may be left out; the other stores want
 * them all. */
#ifndef STUB_IMAGE_PLAN_H
#define STUB_IMAGE_PLAN_H

#include "core/manifest.h"
#include "stub/engine.h"

struct kb_image_plan {
	const struct kb_image **images; /* to be loaded; points into the manifest */
	size_t n_images;
	uint32_t *layers; /* blobs to be sent, each once, in order of first use */
	size_t n_layers;
	size_t skipped; /* distinct layers left out */
	uint64_t bytes; /* of LAYERS */
	char **before;  /* ids of what the engine had */
	size_t n_before;
};

/* SKIP false sends every layer. Release with kb_image_plan_free. */
int kb_image_plan(struct kb_engine *engine, const struct kb_manifest *m,
		  const struct kb_image *const *images, size_t n, bool skip,
		  struct kb_image_plan *ret_plan, struct kb_err *err);
void kb_image_plan_free(struct kb_image_plan *plan);

#endif
