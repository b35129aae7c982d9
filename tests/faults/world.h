/* A host in a folder: what the sweeps install on, thousands of times.
 *
 * The folder lies on a tmpfs. System folders come from the machine, read-only
 * or by name; what an install may write to (/etc, /opt, /run, /var) is the
 * world's own and is put back from a copy before each run. The mounts live in
 * a mount namespace of the calling process, so nothing is left behind.
 */
#ifndef TESTS_FAULTS_WORLD_H
#define TESTS_FAULTS_WORLD_H

#include <stdbool.h>

#include "core/mem.h"

/* Of the role that is installed in it. */
#define WORLD_ROLE "mini"

struct world {
	char *root;
	char *bundles; /* what make-bundles made; /bundles inside */
};

/* Make the world below FOLDER; ends the process when that fails. SYSTEMCTL and
 * PROGRAM are the files that become /usr/bin/systemctl and /keybuzz-run. */
void world_make(struct world *w, const char *folder, const char *bundles, const char *systemctl,
		const char *program);
void world_free(struct world *w);

/* A host before its first install. */
void world_reset(const struct world *w);
/* Keep what may be written to, or put it back. FOLDER is outside the root. */
void world_save(const struct world *w, const char *folder);
void world_restore(const struct world *w, const char *folder);

/* Every file below what may be written to, a line each, sorted: path, type,
 * mode, owner, size, digest. Left out is what differs between two runs that
 * both went well: times, logs, and of the journal all but the last word about
 * each step. */
void world_list(const struct world *w, struct kb_buf *out);

/* Does FOUND have every line of WANTED? */
bool world_has_all(const char *wanted, const char *found);

/* Lines that only one of the two has, for people. */
void world_print_difference(const char *wanted, const char *found);

#endif
