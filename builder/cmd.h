/* The commands of keybuzz-bundle: one cmd_NAME.c each, exporting one row. */
#ifndef BUILDER_CMD_H
#define BUILDER_CMD_H

#include <stdbool.h>

#include "core/cli.h"
#include "core/err.h"

/* What every command gets: global options already taken. */
struct kb_builder {
	const char *site_dir;  /* --site, default "manifests" */
	const char *store_dir; /* --store, default "store" */
	bool json;
	bool quiet;
};

struct kb_cmd {
	const char *name;
	const char *summary; /* one line of --help */
	const char *usage;   /* "build [ROLE..] [-o DIR] --key FILE [--level N]" */
	const char *help;    /* examples and words, a screen at most */
	/* Parse own options from ARGS with kb_args_*; 0 or a negative code. */
	int (*run)(const struct kb_builder *b, struct kb_args *args, struct kb_err *err);
};

extern const struct kb_cmd cmd_lint, cmd_lock, cmd_fetch, cmd_build, cmd_sign, cmd_verify, cmd_info,
	cmd_list, cmd_extract, cmd_diff, cmd_rebuild, cmd_keygen, cmd_downgrade;

#endif
