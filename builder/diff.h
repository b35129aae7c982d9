/* What differs between two manifests: a list of things added, removed and
 * changed, by section, O(manifest). Texts of changed files are compared when
 * they are shown, one at a time.
 *
 * A thing has a name ("path /opt/x", "install/data") and fields; comparing
 * does not know what they mean. diff_items.h makes them, diff_show.h prints.
 */
#ifndef BUILDER_DIFF_H
#define BUILDER_DIFF_H

#include "builder/diff_items.h"

/* One of the two. The manifest stays the caller's. */
struct kb_diff_side {
	const char *name;
	const struct kb_manifest *m;
	const struct kb_digest *id; /* of the bundle; NULL: how it is packed is left out */
	/* A blob of at most MAX bytes, appended to BUF. */
	int (*load)(void *ctx, uint32_t blob, size_t max, struct kb_buf *buf, struct kb_err *err);
	void *ctx;
};

enum kb_diff_change { KB_DIFF_REMOVED = '-', KB_DIFF_ADDED = '+', KB_DIFF_CHANGED = '~' };

struct kb_diff_field {
	const char *name;
	const char *a, *b; /* NULL: has none */
	bool bytes;        /* a number of bytes */
};

struct kb_diff_entry {
	enum kb_diff_section section;
	enum kb_diff_change change;
	const char *name;             /* "" for what there is one of */
	struct kb_diff_field *fields; /* changed: those that differ; else all */
	size_t n_fields;
	bool texts;              /* the contents differ and may be compared: */
	uint32_t a_blob, b_blob; /* KB_DIFF_NO_BLOB where that side has none */
};

struct kb_diff {
	struct kb_diff_entry *entries; /* by section; none: the two are equal */
	size_t n, cap;
	/* what the names and values point into */
	struct kb_diff_items a[KB_DIFF_SECTIONS], b[KB_DIFF_SECTIONS];
	char *extra[16];
	size_t n_extra;
};
#define kb_autodiff __attribute__((cleanup(kb_diff_free)))

void kb_diff_make(const struct kb_diff_side *a, const struct kb_diff_side *b,
		  struct kb_diff *ret_diff);
void kb_diff_free(struct kb_diff *diff); /* what it points to */

#endif
