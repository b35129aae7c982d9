/* Opening a finished bundle for the verbs that read one. */
#ifndef BUILDER_OPEN_H
#define BUILDER_OPEN_H

#include "core/bundle.h"
#include "core/cli.h"

/* Take --trust-dir, --trust-fingerprint and the bundle's path, and open it when
 * nothing else is left: a mistyped option says more than a key nobody trusts.
 * So a verb takes its own options before. */
int kb_open_bundle(struct kb_args *args, struct kb_bundle **ret_bundle, struct kb_err *err);

/* The same in parts, for verbs that take more words; between them stands
 * kb_args_end. The texts are those of ARGS. */
struct kb_trust_choice {
	const char *dir, *fingerprint;
};
void kb_open_trust_take(struct kb_args *args, struct kb_trust_choice *ret_choice);
int kb_open_trust(const struct kb_trust_choice *choice, struct kb_trust *ret_trust,
		  struct kb_err *err);
/* The next word. */
int kb_open_path_take(struct kb_args *args, const char **ret_path, struct kb_err *err);
int kb_open_path(const char *path, const struct kb_trust *trust, struct kb_bundle **ret_bundle,
		 struct kb_err *err);

#endif
