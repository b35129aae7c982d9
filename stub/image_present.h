/* Which images of a bundle the engine has, and whether they are whole.
 *
 * An image counts as there when the engine knows it by the identity that
 * follows from the signed manifest and names exactly the signed layers. That
 * is the engine's own database, which after a power cut may promise layers
 * whose files were never written; so after an unclean boot CHECK_CONTENT has
 * the engine export the image and compares every byte with the signed digests.
 */
#ifndef STUB_IMAGE_PRESENT_H
#define STUB_IMAGE_PRESENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/manifest.h"
#include "core/progress.h"
#include "stub/engine.h"

#define KB_IMAGE_ID_LEN (7 + KB_HEX_LEN) /* "sha256:" and hex */

enum kb_image_state {
	KB_IMAGE_ABSENT,
	KB_IMAGE_UNTAGGED, /* there, but its reference is missing or another image's */
	KB_IMAGE_PRESENT,
	KB_IMAGE_DAMAGED, /* the engine lists it, its content is not what was signed */
};

struct kb_image_status {
	const struct kb_image *image;
	enum kb_image_state state;
	bool doubtful;                      /* looked at by content; a load of it will be, too */
	char id[KB_IMAGE_ID_LEN + 1];       /* what this engine calls it, once it is there */
	char replaces[KB_IMAGE_ID_LEN + 1]; /* the image that has its reference now, or "" */
};

/* Changes nothing. RET_STATUS has N entries, in the order of IMAGES. */
int kb_image_present(struct kb_engine *engine, const struct kb_manifest *m,
		     const struct kb_image *const *images, size_t n, bool check_content,
		     const struct kb_progress *progress, struct kb_image_status *ret_status,
		     struct kb_err *err);

/* One image, by content. *RET_WHOLE is false when a signed layer or the config
 * is missing or different in what the engine exports. */
int kb_image_check_content(struct kb_engine *engine, const struct kb_manifest *m,
			   const struct kb_image *image, const struct kb_progress *progress,
			   bool *ret_whole, struct kb_err *err);

/* What loading will take, for the space check before anything is written. */
#define KB_IMAGE_PLACES_MAX 3

struct kb_image_place {
	const char *path; /* any path on that file system; owned by the engine or static */
	uint64_t bytes;
};

struct kb_image_budget {
	uint64_t stream; /* bytes of the tar handed to the engine */
	struct kb_image_place places[KB_IMAGE_PLACES_MAX];
	size_t n_places;
};

/* STATUS as kb_image_present gave it. Counts the engine's own temporary copy.
 * Two places may be on one file system; adding up is the caller's. */
int kb_image_budget(struct kb_engine *engine, const struct kb_manifest *m,
		    const struct kb_image_status *status, size_t n,
		    struct kb_image_budget *ret_budget, struct kb_err *err);

#endif
