#include "builder/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "builder/site_tree.h"
#include "core/mem.h"
#include "core/utf8.h"

struct kb_yaml {
	char *name;
	struct kb_yaml_node *root;
	/* All nodes, however they hang together: freeing needs no recursion. */
	struct kb_yaml_node **nodes;
	size_t n, cap;
};

/* A container that is open. In a map KEY waits for its value. */
struct frame {
	struct kb_yaml_node *node;
	size_t cap;
	bool has_key;
	char *key; /* NULL: refused, drop the value */
	unsigned line, column;
};

struct reader {
	struct kb_yaml *yaml;
	struct kb_diag *diag;
	const char *text;
	size_t len;
	struct frame open[KB_YAML_NESTING_MAX];
	size_t depth;
	size_t documents;
	bool stop; /* reported something after which the rest means nothing */
	bool end;
};

#define REPORT(r, line, column, ...) \
	kb_diag_add((r)->diag, (r)->yaml->name, line, column, __VA_ARGS__)

/* The bytes before anything reads them: libyaml would take NEL and the line
 * separators for line ends, UTF-16 for text and a BOM for nothing. */
static bool check_bytes(struct reader *r)
{
	size_t line = 1, column = 1, n;
	uint32_t point;

	if (r->len >= 3 && memcmp(r->text, "\xef\xbb\xbf", 3) == 0) {
		REPORT(r, 1, 1, "byte order mark; save the file as UTF-8 without it");
		return false;
	}
	if (r->len >= 2 && (!memcmp(r->text, "\xff\xfe", 2) || !memcmp(r->text, "\xfe\xff", 2))) {
		REPORT(r, 1, 1, "UTF-16; save the file as UTF-8");
		return false;
	}
	for (size_t i = 0; i < r->len; i += n) {
		n = kb_utf8_take(r->text + i, r->len - i, &point);
		if (n == 0) {
			REPORT(r, line, column, "not UTF-8 (byte 0x%02x)",
			       (unsigned)(unsigned char)r->text[i]);
			return false;
		}
		if (point == '\r') {
			REPORT(r, line, column, "carriage return; save the file with LF line ends");
			return false;
		}
		if (kb_utf8_is_control(point) && point != '\n' && point != '\t') {
			REPORT(r, line, column, "control character U+%04X", (unsigned)point);
			return false;
		}
		column++;
		if (point == '\n') {
			line++;
			column = 1;
		}
	}
	return true;
}

static struct kb_yaml_node *new_node(struct reader *r, enum kb_yaml_kind kind,
				     const yaml_event_t *event)
{
	struct kb_yaml *yaml = r->yaml;
	struct kb_yaml_node *node;

	node = kb_alloc(1, sizeof(*node));
	node->kind = kind;
	node->line = (unsigned)event->start_mark.line + 1;
	node->column = (unsigned)event->start_mark.column + 1;
	yaml->nodes = kb_grow(yaml->nodes, yaml->n, &yaml->cap, sizeof(struct kb_yaml_node *));
	yaml->nodes[yaml->n++] = node;
	if (yaml->n > KB_YAML_NODES_MAX) {
		REPORT(r, node->line, node->column, "more than %d values", KB_YAML_NODES_MAX);
		r->stop = true;
	}
	return node;
}

static void add_member(struct frame *top, char *key, unsigned line, unsigned column,
		       struct kb_yaml_node *value)
{
	struct kb_yaml_node *node = top->node;

	node->members = kb_grow(node->members, node->n, &top->cap, sizeof(*node->members));
	node->members[node->n++] = (struct kb_yaml_member){key, line, column, value};
}

static void take_key(struct reader *r, struct frame *top, const struct kb_yaml_node *node)
{
	top->has_key = true;
	top->line = node->line;
	top->column = node->column;
	if (node->kind == KB_YAML_REFUSED)
		return;
	if (node->kind != KB_YAML_TEXT)
		REPORT(r, node->line, node->column, "a key is text, not a list or map");
	else if (node->len == 0)
		REPORT(r, node->line, node->column, "a key is missing here");
	else if (node->plain && strcmp(node->text, "<<") == 0)
		REPORT(r, node->line, node->column,
		       "merge keys are not supported; write the keys out");
	else
		top->key = kb_strdup(node->text);
}

/* Hang NODE where it was read: root, list item, key or value. */
static void attach(struct reader *r, struct kb_yaml_node *node)
{
	struct frame *top;

	if (r->depth == 0) {
		r->yaml->root = node;
		return;
	}
	top = &r->open[r->depth - 1];
	if (top->node->kind == KB_YAML_LIST) {
		add_member(top, NULL, node->line, node->column, node);
	} else if (!top->has_key) {
		take_key(r, top, node);
	} else {
		if (top->key)
			add_member(top, kb_steal(top->key), top->line, top->column, node);
		top->has_key = false;
	}
}

static void open_container(struct reader *r, enum kb_yaml_kind kind, const yaml_event_t *event)
{
	struct kb_yaml_node *node = new_node(r, kind, event);

	attach(r, node);
	if (r->depth == KB_YAML_NESTING_MAX) {
		REPORT(r, node->line, node->column, "nested deeper than %d levels",
		       KB_YAML_NESTING_MAX);
		r->stop = true;
		return;
	}
	r->open[r->depth++] = (struct frame){.node = node};
}

static int by_key_then_place(const void *a, const void *b)
{
	const struct kb_yaml_member *x = *(const struct kb_yaml_member *const *)a;
	const struct kb_yaml_member *y = *(const struct kb_yaml_member *const *)b;
	int c = strcmp(x->key, y->key);

	return c ? c : (x > y) - (x < y);
}

/* Keys that stand twice: the first one stays, so that the schema sees one. */
static void drop_duplicates(struct reader *r, struct kb_yaml_node *map)
{
	struct kb_yaml_member **sorted;
	size_t kept = 0, first = 0;

	if (map->n < 2)
		return;
	sorted = kb_alloc(map->n, sizeof(struct kb_yaml_member *));
	for (size_t i = 0; i < map->n; i++)
		sorted[i] = &map->members[i];
	qsort(sorted, map->n, sizeof(struct kb_yaml_member *), by_key_then_place);
	for (size_t i = 1; i < map->n; i++) {
		if (strcmp(sorted[first]->key, sorted[i]->key) != 0) {
			first = i;
			continue;
		}
		REPORT(r, sorted[i]->line, sorted[i]->column,
		       "duplicate key \"%s\"; it stands first in line %u", sorted[i]->key,
		       sorted[first]->line);
		sorted[i]->value = NULL;
	}
	free(sorted);
	for (size_t i = 0; i < map->n; i++) {
		if (map->members[i].value)
			map->members[kept++] = map->members[i];
		else
			free(map->members[i].key);
	}
	map->n = kept;
}

static void close_container(struct reader *r)
{
	struct kb_yaml_node *node;

	if (r->depth == 0) /* nothing ends that did not begin */
		return;
	node = r->open[--r->depth].node;
	if (node->kind == KB_YAML_MAP)
		drop_duplicates(r, node);
}

static void refuse_properties(struct reader *r, const yaml_event_t *event,
			      const yaml_char_t *anchor, const yaml_char_t *tag)
{
	size_t line = event->start_mark.line + 1, column = event->start_mark.column + 1;

	if (anchor)
		REPORT(r, line, column, "anchors (&%s) are not supported; write the value out",
		       (const char *)anchor);
	if (tag)
		REPORT(r, line, column,
		       "tags (%s) are not supported; every key has its type already",
		       (const char *)tag);
}

static void read_scalar(struct reader *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length, n;
	struct kb_yaml_node *node = new_node(r, KB_YAML_TEXT, event);
	uint32_t point = 0;

	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = kb_strndup(text, len);
	node->len = len;
	/* quoted text can spell what check_bytes has refused */
	for (size_t i = 0; i < len; i += n) {
		n = kb_utf8_take(text + i, len - i, &point);
		if (n && (!kb_utf8_is_control(point) || point == '\n' || point == '\t'))
			continue;
		REPORT(r, node->line, node->column, "the text holds the control character U+%04X",
		       (unsigned)point);
		node->kind = KB_YAML_REFUSED;
		break;
	}
	attach(r, node);
}

static void read_alias(struct reader *r, const yaml_event_t *event)
{
	struct kb_yaml_node *node = new_node(r, KB_YAML_REFUSED, event);

	REPORT(r, node->line, node->column, "aliases (*%s) are not supported; write the value out",
	       (const char *)event->data.alias.anchor);
	attach(r, node);
}

static void read_document_start(struct reader *r, const yaml_event_t *event)
{
	size_t line = event->start_mark.line + 1, column = event->start_mark.column + 1;

	if (++r->documents > 1) {
		REPORT(r, line, column, "a second document; a file holds one");
		r->end = true;
	} else if (event->data.document_start.version_directive ||
		   event->data.document_start.tag_directives.start !=
			   event->data.document_start.tag_directives.end) {
		REPORT(r, line, column, "directives (%%..) are not supported; remove the line");
	}
}

static void read_event(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT: read_document_start(r, event); break;
	case YAML_STREAM_END_EVENT: r->end = true; break;
	case YAML_ALIAS_EVENT: read_alias(r, event); break;
	case YAML_SCALAR_EVENT:
		refuse_properties(r, event, event->data.scalar.anchor, event->data.scalar.tag);
		read_scalar(r, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		refuse_properties(r, event, event->data.sequence_start.anchor,
				  event->data.sequence_start.tag);
		open_container(r, KB_YAML_LIST, event);
		break;
	case YAML_MAPPING_START_EVENT:
		refuse_properties(r, event, event->data.mapping_start.anchor,
				  event->data.mapping_start.tag);
		open_container(r, KB_YAML_MAP, event);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: close_container(r); break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT: break;
	}
}

/* The byte at LINE and COLUMN (from 0, in characters), or 0. */
static char byte_at(const struct reader *r, size_t line, size_t column)
{
	const char *at = r->text, *end = r->text + r->len;
	uint32_t point;

	while (line-- && at < end) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : end;
	}
	while (column-- && at < end && *at != '\n')
		at += kb_utf8_take(at, (size_t)(end - at), &point);
	return at < end ? *at : '\0';
}

static void report_syntax(struct reader *r, const yaml_parser_t *parser)
{
	const yaml_mark_t *at = &parser->problem_mark;
	const char *problem = parser->problem ? parser->problem : "not YAML";

	if (parser->error == YAML_MEMORY_ERROR)
		kb_alloc(SIZE_MAX, 1); /* ends the process as every lack of memory does */
	if (byte_at(r, at->line, at->column) == '\t')
		REPORT(r, at->line + 1, at->column + 1,
		       "a tab where YAML wants spaces; indent with spaces");
	else if (parser->context && parser->context_mark.line != at->line)
		REPORT(r, at->line + 1, at->column + 1, "%s (%s that begins in line %zu)", problem,
		       parser->context, parser->context_mark.line + 1);
	else if (parser->context)
		REPORT(r, at->line + 1, at->column + 1, "%s (%s)", problem, parser->context);
	else
		REPORT(r, at->line + 1, at->column + 1, "%s", problem);
}

static void read_events(struct reader *r)
{
	yaml_parser_t parser;
	yaml_event_t event;

	if (!yaml_parser_initialize(&parser))
		kb_alloc(SIZE_MAX, 1);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)r->text, r->len);
	while (!r->end && !r->stop) {
		if (!yaml_parser_parse(&parser, &event)) {
			report_syntax(r, &parser);
			r->stop = true;
			break;
		}
		read_event(r, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	while (r->depth)
		free(r->open[--r->depth].key);
}

int kb_yaml_parse(const char *name, const char *text, size_t len, struct kb_diag *diag,
		  struct kb_yaml **ret_yaml, struct kb_err *err)
{
	kb_autoyaml struct kb_yaml *yaml = kb_alloc(1, sizeof(*yaml));
	struct reader r = {.yaml = yaml, .diag = diag, .text = text, .len = len};
	size_t before = kb_diag_count(diag);

	yaml->name = kb_strdup(name);
	if (len > KB_YAML_MAX)
		REPORT(&r, 0, 0, "%zu bytes, at most %d", len, KB_YAML_MAX);
	else if (check_bytes(&r))
		read_events(&r);
	if (!r.stop && !yaml->root && kb_diag_count(diag) == before)
		REPORT(&r, 1, 1, "the file is empty");
	if (r.stop || !yaml->root)
		return kb_diag_result(diag, before, KB_E_INVALID, err);
	*ret_yaml = kb_steal(yaml);
	return 0;
}

int kb_yaml_load(int dirfd, const char *path, const char *name, struct kb_diag *diag,
		 struct kb_yaml **ret_yaml, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_err why;
	int r = kb_site_tree_read(dirfd, path, KB_YAML_MAX, &text, &why);

	if (r < 0) {
		kb_diag_add(diag, name, 0, 0, "%s", why.text);
		return kb_err_set(err, r, "%s: %s", name, why.text);
	}
	return kb_yaml_parse(name, text.data ? text.data : "", text.len, diag, ret_yaml, err);
}

const struct kb_yaml_node *kb_yaml_root(const struct kb_yaml *yaml)
{
	return yaml->root;
}

const char *kb_yaml_name(const struct kb_yaml *yaml)
{
	return yaml->name;
}

void kb_yaml_free(struct kb_yaml *yaml)
{
	if (!yaml)
		return;
	for (size_t i = 0; i < yaml->n; i++) {
		struct kb_yaml_node *node = yaml->nodes[i];

		for (size_t j = 0; j < node->n; j++)
			free(node->members[j].key);
		free(node->members);
		free(node->text);
		free(node);
	}
	free(yaml->nodes);
	free(yaml->name);
	free(yaml);
}

void kb_yaml_cleanup(struct kb_yaml **yaml)
{
	kb_yaml_free(*yaml);
}
