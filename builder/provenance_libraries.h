/* What this program and the host program were linked and compiled with, by
 * package and version, as the machine that compiled them knew it: mk/repro.mk
 * writes the list. Empty where there is no dpkg. */
#ifndef BUILDER_PROVENANCE_LIBRARIES_H
#define BUILDER_PROVENANCE_LIBRARIES_H

#include <stdbool.h>
#include <stddef.h>

struct kb_library {
	const char *name, *version, *arch;
	bool linked; /* statically into the host program; else a tool */
};

/* Sorted by name. */
size_t kb_libraries(const struct kb_library **ret_libraries);

#endif
