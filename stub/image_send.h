/* One load: the archive to the engine, and what the engine says to it. Used by
 * image_load.c. */
#ifndef STUB_IMAGE_SEND_H
#define STUB_IMAGE_SEND_H

#include "stub/engine_call.h"
#include "stub/image_load.h"
#include "stub/image_plan.h"

/* Write the archive of PLAN as the body of HTTP. 0, KB_HTTP_ANSWERED when the
 * engine does not want the rest, or a negative code. */
int kb_image_send(struct kb_engine *engine, const struct kb_image_feed *feed,
		  const struct kb_image_plan *plan, struct kb_http *http, uint64_t *ret_sent,
		  struct kb_err *err);

#endif
