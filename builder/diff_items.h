/* A manifest as lists of named things with fields of text, one list for each
 * section of a comparison. */
#ifndef BUILDER_DIFF_ITEMS_H
#define BUILDER_DIFF_ITEMS_H

#include <stdbool.h>

#include "core/manifest.h"

enum kb_diff_section {
	KB_DIFF_RELEASE,
	KB_DIFF_NEEDS,
	KB_DIFF_PRIVILEGES, /* what the host gives: paths, owners, ports, scripts run as root */
	KB_DIFF_FILES,
	KB_DIFF_IMAGES,
	KB_DIFF_PACKAGES,
	KB_DIFF_STEPS,
	KB_DIFF_STORAGE, /* how it is packed */
	KB_DIFF_SECTIONS
};

#define KB_DIFF_NO_BLOB UINT32_MAX

struct kb_diff_value {
	char *name, *value;
	bool bytes;
};

struct kb_diff_item {
	char *name;
	struct kb_diff_value *values;
	size_t n, cap;
	uint32_t blob; /* files: its content */
};

struct kb_diff_items {
	struct kb_diff_item *v; /* sorted by name */
	size_t n, cap;
};

const char *kb_diff_section_name(int section);

/* ID may be NULL, then STORAGE is empty. */
void kb_diff_items_make(enum kb_diff_section section, const struct kb_manifest *m,
			const struct kb_digest *id, struct kb_diff_items *ret_items);
void kb_diff_items_free(struct kb_diff_items *items); /* what it points to */

#endif
