/* The payload of a release on the host: what scripts are and read, under
 * /var/lib/keybuzz/ROLE/releases/ID/payload, closed to everybody but root, and
 * compared with the signed digests before every use. */
#ifndef STUB_RELEASE_H
#define STUB_RELEASE_H

#include "stub/scene.h"

/* The library, programs and other files; not what `file` steps copy away when
 * that is large, nor the index of packages. */
#define KB_RELEASE_COPY_MAX (1u << 20)
bool kb_release_carries(const struct kb_manifest *m, const struct kb_file *file);

/* Make what is missing, repair what differs, set SCENE->payload_path. */
int kb_release_stage(struct kb_scene *scene, struct kb_err *err);

/* Keep the signed part of the bundle as the role's record; nothing is written
 * when it is there. */
int kb_release_record(struct kb_scene *scene, struct kb_err *err);

/* Remove all payloads but this release's and the one named PREVIOUS (16 hex
 * digits, or NULL). */
int kb_release_prune(struct kb_scene *scene, const char *previous, struct kb_err *err);

#endif
