/* The root file system an engine would start an image with, as it lies
 * unpacked on the disk. The containerd store exports the packed layers it
 * keeps beside, which may be whole when what it unpacked is not; so a container
 * is made, never started, exported and removed. */
#ifndef STUB_IMAGE_ROOTFS_H
#define STUB_IMAGE_ROOTFS_H

#include "stub/engine.h"
#include "stub/image_tree.h"

#define KB_IMAGE_ROOTFS_LABEL "keybuzz.check" /* of that container */

/* Append what is there to ROOT. MAX is of the bytes the engine may send. */
int kb_image_rootfs_read(struct kb_engine *engine, const char *image_id, uint64_t max,
			 struct kb_image_tree *root, struct kb_err *err);

#endif
