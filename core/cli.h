/* Command lines, the same habits on both sides: options anywhere, `--opt VALUE`
 * or `--opt=VALUE`, `--` ends options, `-h`/`--help` anywhere, unknown words
 * are KB_E_USAGE with the nearest known one.
 *
 * Use: kb_args_init; kb_args_flag / kb_args_option for every option that is
 * known; then kb_args_positional in order; kb_args_end refuses what is left.
 */
#ifndef CORE_CLI_H
#define CORE_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { KB_ARGS_MAX = 512 };

struct kb_args {
	char **argv;
	int argc;
	bool taken[KB_ARGS_MAX];
	const char *known[32]; /* for the nearest-name hint */
	size_t n_known;
	struct kb_err fault; /* the first fault seen; reported by kb_args_end */
};

/* ARGV without the program's name. Too many words is KB_E_USAGE. */
int kb_args_init(struct kb_args *a, int argc, char **argv, struct kb_err *err);

/* Was `--NAME` (or `-C` when SHORT_NAME is not 0) given? */
bool kb_args_flag(struct kb_args *a, const char *name, char short_name);

/* Its value, or FALLBACK. A missing value or a second one is a fault. */
const char *kb_args_option(struct kb_args *a, const char *name, char short_name,
			   const char *fallback);

/* A decimal option within bounds, or FALLBACK. */
uint64_t kb_args_number(struct kb_args *a, const char *name, uint64_t min, uint64_t max,
			uint64_t fallback);

/* Next word that is no option, or NULL. Call after all options are taken. */
const char *kb_args_positional(struct kb_args *a);

/* Whatever was not taken, and any fault before, is KB_E_USAGE. */
int kb_args_end(struct kb_args *a, struct kb_err *err);

/* The known word nearest to WORD within two edits, or NULL. */
const char *kb_nearest(const char *word, const char *const *known, size_t n);

/* Flush and close stdout: a result that did not arrive is KB_E_IO. */
int kb_close_stdout(struct kb_err *err);

#endif
