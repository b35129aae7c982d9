/* Opening a finished bundle for the verbs that read one. */
#ifndef BUILDER_OPEN_H
#define BUILDER_OPEN_H

#include "core/bundle.h"
#include "core/cli.h"

/* Take --trust-dir and --trust-fingerprint, then the bundle's path. */
int kb_open_bundle(struct kb_args *args, struct kb_bundle **ret_bundle, struct kb_err *err);

#endif
