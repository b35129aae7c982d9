#include "core/template_node.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DELIMITER_MAX = 16 };

struct slice {
	const char *at;
	size_t len;
};

struct parser {
	struct kb_template *t;
	struct kb_diag *diag;
	size_t pos;
	struct slice open, close;                 /* delimiters in force */
	size_t counted, line, column;             /* position of the byte at `counted` */
	size_t sections[KB_TEMPLATE_NESTING_MAX]; /* open ones, as node indexes */
	size_t depth;
	bool stopped; /* nothing sensible can follow */
};

struct tag {
	size_t start, end; /* delimiters included */
	char sigil;        /* one of "#^/!>&{=", or 0 */
	struct slice body;
	size_t line, column;
	bool standalone;
	size_t line_begin, line_end; /* of a standalone tag */
};

#define FAULT(p, tag, ...) \
	kb_diag_add((p)->diag, (p)->t->name, (tag)->line, (tag)->column, __VA_ARGS__)

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

static struct slice trim(struct slice s)
{
	while (s.len && is_space(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len && is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

/* Count on to OFFSET, which never goes back. Continuation bytes of UTF-8 are
 * not columns of their own. */
static void position(struct parser *p, size_t offset)
{
	for (; p->counted < offset; p->counted++) {
		char c = p->t->text[p->counted];

		if (c == '\n') {
			p->line++;
			p->column = 1;
		} else if ((c & 0xc0) != 0x80) {
			p->column++;
		}
	}
}

static struct kb_template_node *add_node(struct kb_template *t)
{
	struct kb_template_node *node;

	t->nodes = kb_grow(t->nodes, t->n, &t->cap, sizeof(*t->nodes));
	node = &t->nodes[t->n++];
	memset(node, 0, sizeof(*node));
	node->end = t->n;
	return node;
}

static void add_text(struct kb_template *t, size_t from, size_t to, bool begins_line)
{
	struct kb_template_node *node = add_node(t);

	node->is_text = true;
	node->begins_line = begins_line;
	node->text = t->text + from;
	node->len = to - from;
}

static bool at_line_begin(const struct kb_template *t, size_t offset)
{
	return offset == 0 || t->text[offset - 1] == '\n';
}

/* The text between two tags. When the tag behind it begins a line, an empty
 * node marks the place for an indentation. */
static void take_text(struct parser *p, size_t from, size_t to, bool tag_follows)
{
	if (from < to)
		add_text(p->t, from, to, at_line_begin(p->t, from));
	if (tag_follows && at_line_begin(p->t, to))
		add_text(p->t, to, to, true);
}

/* Offset of NEEDLE at or behind FROM, or SIZE_MAX. */
static size_t find(const struct kb_template *t, size_t from, const char *needle, size_t len)
{
	const char *hit = memmem(t->text + from, t->len - from, needle, len);

	return hit ? (size_t)(hit - t->text) : SIZE_MAX;
}

/* Whether only blanks and this tag are on its line or lines. */
static bool is_standalone(const struct kb_template *t, struct tag *tag)
{
	size_t begin = tag->start, end = tag->end;

	if (tag->sigil == '\0' || !strchr("#^/!>=", tag->sigil))
		return false;
	while (begin > 0 && is_blank(t->text[begin - 1]))
		begin--;
	while (end < t->len && is_blank(t->text[end]))
		end++;
	if (end < t->len && t->text[end] == '\r')
		end++;
	if (!at_line_begin(t, begin) || (end < t->len && t->text[end] != '\n'))
		return false;
	/* a lone CR at the very end is not a line end */
	if (end == t->len && end > tag->end && t->text[end - 1] == '\r')
		return false;
	tag->line_begin = begin;
	tag->line_end = end < t->len ? end + 1 : end;
	return true;
}

/* The tag whose opening delimiter is at START. */
static bool scan_tag(struct parser *p, size_t start, struct tag *tag)
{
	const struct kb_template *t = p->t;
	size_t inner = start + p->open.len, stop;
	char closing[DELIMITER_MAX + 1];
	size_t n = 0;

	memset(tag, 0, sizeof(*tag));
	position(p, start);
	tag->start = start;
	tag->line = p->line;
	tag->column = p->column;
	if (inner < t->len && t->text[inner] && strchr("#^/!>&{=", t->text[inner]))
		tag->sigil = t->text[inner++];
	if (tag->sigil == '{')
		closing[n++] = '}';
	else if (tag->sigil == '=')
		closing[n++] = '=';
	memcpy(closing + n, p->close.at, p->close.len);
	n += p->close.len;
	stop = find(t, inner, closing, n);
	if (stop == SIZE_MAX) {
		FAULT(p, tag, "tag is not closed, \"%.*s\" is missing", (int)n, closing);
		return false;
	}
	tag->body = (struct slice){t->text + inner, stop - inner};
	tag->end = stop + n;
	tag->standalone = is_standalone(t, tag);
	return true;
}

/* The next word of *REST, which is cut off. */
static struct slice next_word(struct slice *rest)
{
	struct slice word = trim(*rest);
	size_t n = 0;

	while (n < word.len && !is_space(word.at[n]))
		n++;
	rest->at = word.at + n;
	rest->len = word.len - n;
	word.len = n;
	return word;
}

static void set_delimiters(struct parser *p, const struct tag *tag)
{
	struct slice rest = tag->body, open = next_word(&rest), close = next_word(&rest);

	if (!open.len || !close.len || trim(rest).len || open.len > DELIMITER_MAX ||
	    close.len > DELIMITER_MAX || memchr(open.at, '=', open.len) ||
	    memchr(close.at, '=', close.len)) {
		FAULT(p, tag, "delimiters must be two words without \"=\", at most %d bytes each",
		      DELIMITER_MAX);
		return;
	}
	p->open = open;
	p->close = close;
}

static bool is_name_char(char c, bool partial)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.' || (partial && c == '/');
}

/* What is wrong with a name, or NULL. */
static const char *name_fault(struct slice name, bool partial)
{
	if (name.len == 0)
		return "is empty";
	if (name.len > KB_TEMPLATE_NAME_MAX)
		return "is too long";
	for (size_t i = 0; i < name.len; i++)
		if (!is_name_char(name.at[i], partial))
			return "may hold letters, digits, \"_\", \"-\" and \".\" only";
	if (name.len == 1 && name.at[0] == '.')
		return partial ? "is not the name of a partial" : NULL;
	if (name.at[0] == '.' || name.at[name.len - 1] == '.' || memmem(name.at, name.len, "..", 2))
		return "has an empty part beside a \".\"";
	return NULL;
}

static bool check_name(struct parser *p, const struct tag *tag, struct slice name)
{
	const char *fault = name_fault(name, tag->sigil == '>');
	char shown[64];

	if (!fault)
		return true;
	kb_escape(shown, sizeof(shown), name.at, name.len);
	FAULT(p, tag, "name \"%s\" %s", shown, fault);
	return false;
}

static void open_section(struct parser *p, const struct tag *tag, size_t node)
{
	if (p->depth == KB_TEMPLATE_NESTING_MAX) {
		FAULT(p, tag, "sections are nested deeper than %d", KB_TEMPLATE_NESTING_MAX);
		p->stopped = true;
		return;
	}
	p->sections[p->depth++] = node;
}

static struct kb_template_node *open_node(struct parser *p, size_t depth)
{
	return &p->t->nodes[p->sections[depth]];
}

static bool is_named(const struct kb_template_node *node, struct slice name)
{
	return strlen(node->name) == name.len && memcmp(node->name, name.at, name.len) == 0;
}

/* After a fault go on as if everything up to the section of that name had been
 * closed, so that one missing tag is reported once. */
static void close_section(struct parser *p, const struct tag *tag, struct slice name)
{
	size_t depth = p->depth;

	while (depth > 0 && !is_named(open_node(p, depth - 1), name))
		depth--;
	if (p->depth == 0)
		FAULT(p, tag, "\"/%.*s\" closes a section that is not open", (int)name.len,
		      name.at);
	else if (depth != p->depth)
		FAULT(p, tag, "\"/%.*s\" stands where \"%s\" of line %zu must be closed",
		      (int)name.len, name.at, open_node(p, p->depth - 1)->name,
		      open_node(p, p->depth - 1)->line);
	if (depth == 0)
		return;
	while (p->depth >= depth)
		open_node(p, --p->depth)->end = p->t->n;
}

static enum kb_template_kind kind_of(char sigil)
{
	switch (sigil) {
	case '#': return KB_TEMPLATE_SECTION;
	case '^': return KB_TEMPLATE_INVERTED;
	case '>': return KB_TEMPLATE_PARTIAL;
	case '{':
	case '&': return KB_TEMPLATE_RAW;
	default: return KB_TEMPLATE_VARIABLE;
	}
}

static void take_named(struct parser *p, const struct tag *tag, struct slice name)
{
	struct kb_template_node *node = add_node(p->t);

	node->kind = kind_of(tag->sigil);
	node->line = tag->line;
	node->column = tag->column;
	node->name = kb_strndup(name.at, name.len);
	if (node->kind == KB_TEMPLATE_PARTIAL && tag->standalone) {
		node->text = p->t->text + tag->line_begin;
		node->len = tag->start - tag->line_begin;
	}
	if (node->kind == KB_TEMPLATE_SECTION || node->kind == KB_TEMPLATE_INVERTED)
		open_section(p, tag, p->t->n - 1);
}

static void take_tag(struct parser *p, const struct tag *tag)
{
	struct slice name = trim(tag->body);

	if (tag->sigil == '!')
		return;
	if (tag->sigil == '=')
		set_delimiters(p, tag);
	else if (!check_name(p, tag, name))
		return;
	else if (tag->sigil == '/')
		close_section(p, tag, name);
	else
		take_named(p, tag, name);
}

static void parse_all(struct parser *p)
{
	struct kb_template *t = p->t;
	struct tag tag;

	while (p->pos < t->len && !p->stopped) {
		size_t start = find(t, p->pos, p->open.at, p->open.len);

		if (start == SIZE_MAX) {
			take_text(p, p->pos, t->len, false);
			break;
		}
		if (!scan_tag(p, start, &tag)) {
			p->stopped = true;
			return;
		}
		take_text(p, p->pos, tag.standalone ? tag.line_begin : start, !tag.standalone);
		take_tag(p, &tag);
		p->pos = tag.standalone ? tag.line_end : tag.end;
	}
	for (size_t i = 0; i < p->depth && !p->stopped; i++)
		FAULT(p, open_node(p, i), "section \"%s\" is not closed", open_node(p, i)->name);
}

static struct kb_template *new_template(const char *name, const char *text, size_t len)
{
	struct kb_template *t = kb_alloc(1, sizeof(*t));

	t->name = kb_strdup(name);
	t->text = kb_strndup(text, len);
	t->len = len;
	return t;
}

int kb_template_parse(const char *name, const char *text, size_t len, struct kb_diag *diag,
		      struct kb_template **ret_template, struct kb_err *err)
{
	kb_autodiag struct kb_diag own = KB_DIAG_INIT;
	kb_autotemplate struct kb_template *t = NULL;
	struct parser p = {.open = {"{{", 2}, .close = {"}}", 2}, .line = 1, .column = 1};
	size_t since;
	int r;

	p.diag = diag ? diag : &own;
	since = kb_diag_count(p.diag);
	if (len > KB_TEMPLATE_MAX) {
		kb_diag_add(p.diag, name, 0, 0, "%zu bytes, at most %d", len, KB_TEMPLATE_MAX);
		return kb_diag_result(p.diag, since, KB_E_INVALID, err);
	}
	t = p.t = new_template(name, text, len);
	if (memchr(text, '\0', len))
		kb_diag_add(p.diag, name, 0, 0, "holds a NUL byte; this is not a text file");
	else
		parse_all(&p);
	r = kb_diag_result(p.diag, since, KB_E_INVALID, err);
	if (r < 0)
		return r;
	*ret_template = kb_steal(t);
	return 0;
}
