/* Content of a bundle as ordinary files, nothing executed, no rights needed:
 *
 *   files/PATH        the payload
 *   images/NAME.tar   an image, as `docker load` reads it
 *   packages/NAME_VERSION_ARCH.deb
 *
 * Nothing that exists is written over, and no symbolic link below the folder
 * is followed (KB_E_PATH). Each file appears whole or not at all.
 */
#ifndef CORE_EXTRACT_H
#define CORE_EXTRACT_H

#include "core/bundle.h"

/* Into DIR, made when missing. WANTED names members or folders of the layout
 * above; n 0 means all. A name that fits nothing is KB_E_USAGE. *RET_N counts
 * the files written. */
int kb_extract(struct kb_bundle *bundle, const char *dir, const char *const *wanted, size_t n,
	       const struct kb_progress *progress, size_t *ret_n, struct kb_err *err);

#endif
