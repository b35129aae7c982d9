/* Durability: a container engine does not flush what it unpacks, and after a
 * power cut may list images whose files are empty (moby#49784). */
#ifndef STUB_IMAGE_SYNC_H
#define STUB_IMAGE_SYNC_H

#include "stub/engine.h"

#define KB_IMAGE_CONTAINERD_ROOT "/var/lib/containerd"

struct kb_image_sync {
	int fds[3]; /* opened before the engine writes, to be told of its write errors */
	int n;
	bool all; /* its folder is not visible here: flush everything */
};

void kb_image_sync_begin(const struct kb_engine *engine, struct kb_image_sync *ret_sync);
/* Write out what the engine wrote since. A lost write is KB_E_IO. */
int kb_image_sync_end(struct kb_image_sync *sync, struct kb_err *err);
void kb_image_sync_drop(struct kb_image_sync *sync);

#endif
