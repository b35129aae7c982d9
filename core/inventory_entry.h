/* What the parser of the inventory makes and the rest reads; for inventory*.c
 * only.
 */
#ifndef CORE_INVENTORY_ENTRY_H
#define CORE_INVENTORY_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/inventory.h"

#define KB_INVENTORY_FIXED       12 /* columns every file has */
#define KB_INVENTORY_COLUMNS_MAX (KB_INVENTORY_FIXED + KB_INVENTORY_EXTRA_MAX)

/* Indexes of the columns that are more than text. */
enum {
	KB_INVENTORY_NAME = 2,
	KB_INVENTORY_ADDRESS = 3,
	KB_INVENTORY_CORE = 10,
};

struct kb_inventory_entry {
	struct kb_host host; /* first: a host is found to be in its entry */
	const char *extra[KB_INVENTORY_EXTRA_MAX];
	size_t name_at, address_at; /* columns of characters, for messages */
};

struct kb_inventory {
	char *text; /* every field points into it */
	struct kb_inventory_entry *entries;
	size_t n, cap;
	const struct kb_host **hosts; /* of the environment, with an address */
	size_t nhosts;
	const char *extra[KB_INVENTORY_EXTRA_MAX];
	size_t nextra;
};

/* The columns in the order of the file: title, place of the text in kb_host,
 * and what the text must be. */
struct kb_inventory_column {
	const char *title;
	size_t offset;
	bool (*is_good)(const char *s);
	const char *must;
};
extern const struct kb_inventory_column kb_inventory_columns[KB_INVENTORY_FIXED];

/* Order of host names, which do not differ by case. */
int kb_inventory_name_cmp(const char *a, const char *b);

#endif
