/* What the engine says to a load: JSON messages one after another, under status
 * 200 also when it failed. As a parser without I/O. */
#ifndef STUB_IMAGE_ANSWER_H
#define STUB_IMAGE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/mem.h"
#include "stub/image_present.h"

#define KB_IMAGE_ANSWER_MAX   (64 * 1024 * 1024) /* bytes of all messages */
#define KB_IMAGE_MESSAGE_MAX  (64 * 1024)        /* of one */
#define KB_IMAGE_REPORTED_MAX 512                /* "Loaded image ID" lines kept */

struct kb_image_answer {
	struct kb_buf line;
	/* ids the engine says it loaded */
	char (*ids)[KB_IMAGE_ID_LEN + 1];
	size_t n_ids;
	/* how far unpacking is, as far as it tells */
	char layer[80];
	uint64_t before, current;
};

/* Take a run of bytes. A reported failure is KB_E_DEPENDENCY with the engine's
 * words, or KB_E_SPACE; what is no message is KB_E_DEPENDENCY. */
int kb_image_answer_add(struct kb_image_answer *a, const char *data, size_t len,
			struct kb_err *err);
/* There is no more. */
int kb_image_answer_end(struct kb_image_answer *a, struct kb_err *err);
void kb_image_answer_free(struct kb_image_answer *a);

#endif
