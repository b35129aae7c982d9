/* An engine for tests: answers the part of the Docker Engine API that the host
 * side uses, on a socket of the scratch folder, keeps images in memory, and
 * misbehaves on request. One connection at a time, in a thread; change the
 * behaviour only between calls. */
#ifndef TESTS_UNIT_FAKE_ENGINE_H
#define TESTS_UNIT_FAKE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/digest.h"
#include "core/mem.h"
#include "stub/engine.h"

#define FAKE_IMAGES 16
#define FAKE_LAYERS 8

struct fake_image {
	char id[72];
	struct kb_buf config;
	struct kb_digest layers[FAKE_LAYERS];
	struct kb_buf content[FAKE_LAYERS];
	size_t n_layers;
	char tag[128];
	bool in_use; /* by a container: cannot be removed */
};

struct fake_engine {
	/* what it is */
	enum kb_engine_store store;
	const char *api, *api_min, *root;
	/* how it misbehaves */
	const char *raw;        /* the answer to everything, then close */
	const char *raw_repeat; /* ..and this without end */
	bool silent;            /* takes requests, never answers */
	size_t cut_at;          /* close at this byte of all it has said; 0: never */
	const char *load_error; /* errorDetail of a load, nothing is kept */
	const char *load_early; /* refuse a load by a 500 after its first bytes */
	const char *load_words; /* an extra "stream" message */
	bool load_other_layers; /* kept under the right id with a layer changed */
	bool load_other_id;     /* kept under another id */
	bool load_forget;       /* says it did, keeps nothing */
	bool load_forget_once;
	bool prune_before_load; /* drop all images when a load begins */
	bool zeroed;            /* the last layer is lost: zeros in exports, or for the
				 * containerd store its files absent from containers */
	bool zeroed_heals;      /* ..until the image was removed */
	int export_status;
	/* what happened */
	size_t said, loads, layers_got, removed, containers_made, containers_left;
	char container_of[72]; /* the image of the one container */
	bool oci;              /* the last load had an OCI layout */
	struct fake_image images[FAKE_IMAGES];
	size_t n;
	char socket[160];
	struct fake_private *private;
};

/* Zero it, set STORE, start; the rest has defaults. */
void fake_start(struct fake_engine *f);
void fake_stop(struct fake_engine *f);
struct fake_image *fake_find(struct fake_engine *f, const char *name);

#endif
