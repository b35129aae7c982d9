/* Everything a decoded manifest must satisfy beyond its encoding: orders,
 * references, bounds, paths. The builder runs it on what it is about to sign,
 * so that it never signs what a host would refuse. */
#ifndef CORE_MANIFEST_CHECK_H
#define CORE_MANIFEST_CHECK_H

#include "core/manifest.h"

/* KB_E_INVALID or KB_E_PATH naming the record. */
int kb_manifest_check(const struct kb_manifest *m, struct kb_err *err);

/* The part about steps, in manifest_steps.c. */
int kb_manifest_check_steps(const struct kb_manifest *m, struct kb_err *err);

#endif
