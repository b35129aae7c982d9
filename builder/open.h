/* Opening a finished bundle for the verbs that read one. */
#ifndef BUILDER_OPEN_H
#define BUILDER_OPEN_H

#include "core/bundle.h"
#include "core/cli.h"

/* Take --trust-dir and --trust-fingerprint, then the bundle's path. */
int kb_open_bundle(struct kb_args *args, struct kb_bundle **ret_bundle, struct kb_err *err);

/* The same in two parts, for verbs that read more than one. */
int kb_open_trust(struct kb_args *args, struct kb_trust *ret_trust, struct kb_err *err);
int kb_open_next(struct kb_args *args, const struct kb_trust *trust, struct kb_bundle **ret_bundle,
		 struct kb_err *err);

#endif
