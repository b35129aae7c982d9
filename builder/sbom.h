/* The software bill of materials of one role, as SPDX 2.3 in JSON: the bundle,
 * the host program with what is linked into it, the images with the packages
 * in them, the OS packages, the files. The same inputs give the same bytes:
 * its date is the release's not-before or 1970, its name space follows from
 * the content id.
 *
 * Packages of `debian:` images are those of the lock, checked against the
 * image when it was made; other images are asked for their dpkg and apk
 * databases. Other package managers are not read, which the document says.
 */
#ifndef BUILDER_SBOM_H
#define BUILDER_SBOM_H

#include "builder/lock.h"
#include "builder/store.h"
#include "core/manifest.h"

#define KB_SBOM_FOLDER "sbom"

/* M was packed: its stub digest is known. All of its blobs are in STORE. */
int kb_sbom_text(const struct kb_manifest *m, const struct kb_lock *lock, struct kb_store *store,
		 struct kb_buf *out, struct kb_err *err);

/* Write DIR/sbom/ROLE.spdx.json. */
int kb_sbom_write(const struct kb_manifest *m, const struct kb_lock *lock, struct kb_store *store,
		  const char *dir, struct kb_err *err);

#endif
