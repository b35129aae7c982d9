/* Types for YAML: each key is taken once, with the type it must have, and what
 * nobody took is an unknown key.
 *
 * Text is what its type says and never what it looks like: `no` is the text
 * "no", a boolean is the plain word true or false, a number is plain decimal
 * digits. A wrong type is reported at the value's place and the fallback
 * returned, so that one run shows every fault; nothing here fails otherwise.
 * Use: kb_schema_open, the takes, kb_schema_close.
 *
 * Copies that are returned are the caller's and never NULL. Where FALLBACK is
 * NULL the key is required, and its absence reported at the map.
 */
#ifndef BUILDER_SCHEMA_H
#define BUILDER_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "builder/yaml.h"
#include "core/value.h"

#define KB_SCHEMA_TEXT_MAX 4096 /* bytes of one text */
#define KB_SCHEMA_NAME_MAX 64   /* bytes of a variable's name */
#define KB_SCHEMA_KEYS_MAX 32   /* keys one map may know */

/* Where faults go, and the file's name in them. */
struct kb_schema {
	const char *file;
	struct kb_diag *diag;
};

/* A map whose keys are being taken. */
struct kb_schema_map {
	const struct kb_schema *in;
	const struct kb_yaml_node *node; /* NULL: was no map, every take falls back silently */
	bool *taken;                     /* by member */
	const char *known[KB_SCHEMA_KEYS_MAX];
	size_t n_known;
};

/* Report at NODE's place; silent for a refused node. */
void kb_schema_fault(const struct kb_schema *in, const struct kb_yaml_node *node, const char *fmt,
		     ...) KB_PRINTF(3, 4);

/* ", did you mean" for WORD, from KNOWN: at most two edits away, or the same
 * beginning; NULL when nothing is near. */
const char *kb_schema_nearest(const char *word, const char *const *known, size_t n);

/* NODE (NULL: nothing, as if it was absent and is reported elsewhere) as a map;
 * WHAT is its name in messages. False when it is none. */
bool kb_schema_open(const struct kb_schema *in, const struct kb_yaml_node *node, const char *what,
		    struct kb_schema_map *ret_map);
/* Report what was not taken, and release. */
void kb_schema_close(struct kb_schema_map *map);

bool kb_schema_has(const struct kb_schema_map *map, const char *key);
/* The value of KEY as it is; NULL when absent. */
const struct kb_yaml_node *kb_schema_take(struct kb_schema_map *map, const char *key);
/* The same; its absence is reported. */
const struct kb_yaml_node *kb_schema_need(struct kb_schema_map *map, const char *key);

/* One line of text, not empty. */
char *kb_schema_text(struct kb_schema_map *map, const char *key, const char *fallback);
/* Text that passes OK; else "KEY: "VALUE" is not EXPECTED". */
char *kb_schema_word(struct kb_schema_map *map, const char *key, const char *fallback,
		     bool (*ok)(const char *text), const char *expected);
bool kb_schema_bool(struct kb_schema_map *map, const char *key, bool fallback);
/* FALLBACK for an absent key; use kb_schema_need first where it is required. */
uint64_t kb_schema_number(struct kb_schema_map *map, const char *key, uint64_t min, uint64_t max,
			  uint64_t fallback);
/* A quoted octal text: "0640". */
uint16_t kb_schema_mode(struct kb_schema_map *map, const char *key, uint16_t fallback);
/* Seconds: 90, 90s, 5m, 1h; from 1 to MAX. */
uint32_t kb_schema_duration(struct kb_schema_map *map, const char *key, uint32_t max,
			    uint32_t fallback);
/* A list of texts; an absent key is the empty list. */
void kb_schema_texts(struct kb_schema_map *map, const char *key, char ***ret_v, size_t *ret_n);

/* The same for a node that is at hand, with WHAT as its name in messages. False
 * when it was refused, and then nothing is set. */
bool kb_schema_as_text(const struct kb_schema *in, const struct kb_yaml_node *node,
		       const char *what, const char **ret_text);
bool kb_schema_as_number(const struct kb_schema *in, const struct kb_yaml_node *node,
			 const char *what, uint64_t min, uint64_t max, uint64_t *ret_number);
bool kb_schema_as_list(const struct kb_schema *in, const struct kb_yaml_node *node,
		       const char *what);

/* Free variables: maps, lists and text (also of several lines); plain true and
 * false are booleans. Keys are [A-Za-z_][A-Za-z0-9_]*, so that templates can
 * name them. Depth and length are those that core/format.h allows. Never NULL;
 * what is refused becomes an empty text. */
struct kb_value *kb_schema_value(const struct kb_schema *in, const struct kb_yaml_node *node,
				 const char *what);

#endif
