/* The fields that the files of lock/ have in common: reading with the checks
 * that make what was read fit for paths, URLs and argument lists
 * (lock_read.c), and writing (lock.c). */
#ifndef BUILDER_LOCK_FIELDS_H
#define BUILDER_LOCK_FIELDS_H

#include "builder/lock_entry.h"
#include "builder/schema.h"

bool kb_lock_is_word(const char *text);
bool kb_lock_is_url(const char *text); /* http or https */

void kb_lock_take_digest(struct kb_schema_map *map, const char *key, struct kb_digest *ret);
/* A list of NAME VERSION ARCH SIZE SHA256 PATH, in order. */
void kb_lock_take_debs(struct kb_schema_map *map, const char *key, struct kb_debs *debs);

/* All of lock/images.yaml into LOCK, a struct kb_lock that is empty; for
 * kb_lock_file_read. */
void kb_lock_take_all(void *lock, const struct kb_schema *in, const struct kb_yaml_node *root);

/* Text of an author inside double quotes. */
void kb_lock_add_quoted(struct kb_buf *buf, const char *indent, const char *key, const char *text);
/* For the digest of inputs: "WHAT WORD" lines, sorted. */
void kb_lock_add_words(struct kb_buf *buf, const char *what, const struct kb_strings *words);

#endif
