/* YAML, the strict part of it that manifests need, as a tree with positions.
 *
 * Maps, lists and text: nothing is guessed from the look of a scalar, schema.h
 * gives it a type. Refused: anchors, aliases, tags, merge keys, directives, a
 * second document, keys that are not text, a key twice, text that is not plain
 * UTF-8 (BOM, UTF-16, NUL, CR, control characters), and everything beyond the
 * limits below. The input is an author's file and is not trusted.
 *
 * Every fault goes to DIAG with line and column. What is wrong in one place
 * (a key twice, a tag) does not stop the rest: the node is kept as "refused",
 * which later checks pass over silently, and the tree is returned. So a result
 * of 0 means that there is a tree, not that there is no finding; whoever
 * called ends with kb_diag_result. A broken syntax leaves no tree.
 *
 * The tree is one piece: nodes and text live until kb_yaml_free.
 */
#ifndef BUILDER_YAML_H
#define BUILDER_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "core/diag.h"
#include "core/err.h"

#define KB_YAML_MAX         (4 * 1024 * 1024) /* bytes of a file */
#define KB_YAML_NESTING_MAX 64                /* containers in containers */
#define KB_YAML_NODES_MAX   100000

enum kb_yaml_kind {
	KB_YAML_TEXT = 1,
	KB_YAML_LIST,
	KB_YAML_MAP,
	KB_YAML_REFUSED, /* reported already; stands for any value */
};

struct kb_yaml_node {
	enum kb_yaml_kind kind;
	bool plain; /* text without quotes */
	unsigned line, column;
	char *text; /* no NUL, no control characters but line feed and tab */
	size_t len;
	struct kb_yaml_member *members; /* of a list or map, in the file's order */
	size_t n;
};

struct kb_yaml_member {
	char *key;             /* NULL in a list; unique in a map */
	unsigned line, column; /* of the key, or of the value in a list */
	struct kb_yaml_node *value;
};

struct kb_yaml;

/* NAME is for messages. */
int kb_yaml_parse(const char *name, const char *text, size_t len, struct kb_diag *diag,
		  struct kb_yaml **ret_yaml, struct kb_err *err);

/* Read PATH below DIRFD (no symbolic link on the way, a regular file) and parse
 * it. That it cannot be read is a finding, too. */
int kb_yaml_load(int dirfd, const char *path, const char *name, struct kb_diag *diag,
		 struct kb_yaml **ret_yaml, struct kb_err *err);

const struct kb_yaml_node *kb_yaml_root(const struct kb_yaml *yaml); /* never NULL */
const char *kb_yaml_name(const struct kb_yaml *yaml);
void kb_yaml_free(struct kb_yaml *yaml);

#define kb_autoyaml __attribute__((cleanup(kb_yaml_cleanup)))
void kb_yaml_cleanup(struct kb_yaml **yaml);

#endif
