#include "core/template_node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

struct render {
	const struct kb_template_options *options;
	struct kb_buf *out;
	size_t begin; /* length of OUT before */
	bool secret;
	const struct kb_value *contexts[KB_TEMPLATE_CONTEXT_MAX];
	size_t depth;
	unsigned partials; /* open ones */
	size_t steps;
	struct kb_err *err;
};

/* One template being rendered: the main one, or a partial. */
struct frame {
	const struct kb_template *t;
	const char *indent;
	size_t indent_len;
};

#define FAULT(r, f, node, fmt, ...)                                                        \
	kb_err_set((r)->err, KB_E_INVALID, "%s:%zu:%zu: " fmt, (f)->t->name, (node)->line, \
		   (node)->column, ##__VA_ARGS__)

static int render_nodes(struct render *r, const struct frame *f, size_t from, size_t to);

static int emit(struct render *r, const struct frame *f, const char *bytes, size_t len)
{
	if (len > KB_TEMPLATE_OUTPUT_MAX - (r->out->len - r->begin))
		return kb_err_set(r->err, KB_E_INVALID, "%s: the output is over %d bytes",
				  f->t->name, KB_TEMPLATE_OUTPUT_MAX);
	kb_buf_add(r->out, bytes, len);
	return 0;
}

/* The list of empty sections in empty sections has no output to count. */
static int step(struct render *r, const struct frame *f)
{
	if (++r->steps > KB_TEMPLATE_STEP_MAX)
		return kb_err_set(r->err, KB_E_INVALID,
				  "%s: more than %d tags and list elements to render", f->t->name,
				  KB_TEMPLATE_STEP_MAX);
	return 0;
}

/* Length of the line at S, its end included. */
static size_t line_len(const char *s, size_t len)
{
	const char *end = memchr(s, '\n', len);

	return end ? (size_t)(end - s) + 1 : len;
}

static bool is_empty_line(const char *s, size_t len)
{
	return (len == 1 && s[0] == '\n') || (len == 2 && s[0] == '\r' && s[1] == '\n');
}

/* Text with the partial's indentation before each line that is not empty. */
static int render_text(struct render *r, const struct frame *f, const struct kb_template_node *node)
{
	const char *s = node->text;
	size_t left = node->len;
	bool begins = node->begins_line;
	int rc = 0;

	if (f->indent_len == 0)
		return emit(r, f, s, left);
	if (begins && left == 0)
		return emit(r, f, f->indent, f->indent_len);
	while (left > 0 && rc == 0) {
		size_t n = line_len(s, left);

		if (begins && !is_empty_line(s, n))
			rc = emit(r, f, f->indent, f->indent_len);
		if (rc == 0)
			rc = emit(r, f, s, n);
		s += n;
		left -= n;
		begins = true;
	}
	return rc;
}

/* Innermost context first for the first part of the name; the other parts only
 * inside what was found, so that a broken chain is not mended from outside. */
static const struct kb_value *lookup(const struct render *r, const char *name)
{
	const struct kb_value *v = NULL;
	size_t n = strcspn(name, ".");

	if (strcmp(name, ".") == 0)
		return r->contexts[r->depth - 1];
	for (size_t d = r->depth; d > 0 && !v; d--)
		v = kb_value_get_n(r->contexts[d - 1], name, n);
	while (v && name[n] == '.') {
		name += n + 1;
		n = strcspn(name, ".");
		v = kb_value_get_n(v, name, n);
	}
	return v;
}

static const char *html_entity(char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

static int emit_html(struct render *r, const struct frame *f, const char *s, size_t len)
{
	int rc = 0;

	for (size_t i = 0; i < len && rc == 0; i++) {
		const char *entity = html_entity(s[i]);

		rc = entity ? emit(r, f, entity, strlen(entity)) : emit(r, f, s + i, 1);
	}
	return rc;
}

static bool has_control(const char *s, size_t len)
{
	uint32_t point = 0;

	for (size_t i = 0, n; i < len; i += n) {
		n = kb_utf8_take(s + i, len - i, &point);
		if (n == 0)
			n = 1; /* not text; its bytes end no line */
		else if (kb_utf8_is_control(point))
			return true;
	}
	return false;
}

static int render_value(struct render *r, const struct frame *f,
			const struct kb_template_node *node, const struct kb_value *v)
{
	size_t len = 0;
	const char *s = kb_value_str(v, &len);
	bool raw = node->kind == KB_TEMPLATE_RAW;

	if (!s)
		return FAULT(r, f, node, "variable \"%s\" is a %s, not text", node->name,
			     kb_value_kind(v) == KB_VALUE_LIST ? "list" : "map");
	if (!r->options->multiline && !raw && has_control(s, len))
		return FAULT(r, f, node,
			     "the value of \"%s\" has control characters or several lines; "
			     "{{{%s}}} would allow it",
			     node->name, node->name);
	if (!r->options->multiline && memchr(s, '\0', len))
		return FAULT(r, f, node, "the value of \"%s\" holds a NUL byte", node->name);
	if (len > 0 && kb_value_is_secret(v))
		r->secret = true;
	if (!raw && r->options->escape == KB_TEMPLATE_ESCAPE_HTML)
		return emit_html(r, f, s, len);
	return emit(r, f, s, len);
}

static int render_variable(struct render *r, const struct frame *f,
			   const struct kb_template_node *node)
{
	const struct kb_value *v = lookup(r, node->name);

	if (v)
		return render_value(r, f, node, v);
	if (r->options->lenient)
		return 0;
	return FAULT(r, f, node, "undefined variable \"%s\"", node->name);
}

/* The inside of the section at index I, with V as innermost context. */
static int render_inside(struct render *r, const struct frame *f, size_t i,
			 const struct kb_value *v)
{
	const struct kb_template_node *node = &f->t->nodes[i];
	int rc;

	if (r->depth == KB_TEMPLATE_CONTEXT_MAX)
		return FAULT(r, f, node, "more than %d sections are open over all partials",
			     KB_TEMPLATE_CONTEXT_MAX);
	rc = step(r, f);
	if (rc < 0)
		return rc;
	r->contexts[r->depth++] = v;
	rc = render_nodes(r, f, i + 1, node->end);
	r->depth--;
	return rc;
}

static int render_each(struct render *r, const struct frame *f, size_t i,
		       const struct kb_value *list)
{
	int rc = 0;

	for (size_t k = 0; k < kb_value_count(list) && rc == 0; k++)
		rc = render_inside(r, f, i, kb_value_at(list, k));
	return rc;
}

static int render_section(struct render *r, const struct frame *f, size_t i)
{
	const struct kb_template_node *node = &f->t->nodes[i];
	bool inverted = node->kind == KB_TEMPLATE_INVERTED;
	const struct kb_value *v = lookup(r, node->name);

	if (!v && !r->options->lenient)
		return FAULT(r, f, node, "undefined section \"%s\"", node->name);
	if (inverted == (v && kb_value_truth(v)))
		return 0;
	if (inverted) /* opens no context of its own, but a level */
		return render_inside(r, f, i, r->contexts[r->depth - 1]);
	if (kb_value_kind(v) == KB_VALUE_LIST)
		return render_each(r, f, i, v);
	return render_inside(r, f, i, v);
}

static int load_partial(struct render *r, const struct frame *f,
			const struct kb_template_node *node, const struct kb_template **ret_t)
{
	const struct kb_template *t = NULL;
	int rc = 0;

	if (r->options->partial)
		rc = r->options->partial(r->options->partial_arg, node->name, &t, r->err);
	if (rc < 0)
		return rc;
	if (!t && !r->options->lenient)
		return FAULT(r, f, node, "undefined partial \"%s\"", node->name);
	*ret_t = t;
	return 0;
}

static int render_partial(struct render *r, const struct frame *f,
			  const struct kb_template_node *node)
{
	kb_autobuf struct kb_buf indent = KB_BUF_INIT;
	struct frame inner = {NULL, NULL, 0};
	int rc = load_partial(r, f, node, &inner.t);

	if (rc < 0 || !inner.t)
		return rc;
	if (r->partials == KB_TEMPLATE_PARTIAL_MAX)
		return FAULT(r, f, node, "partial \"%s\": partials are nested deeper than %d",
			     node->name, KB_TEMPLATE_PARTIAL_MAX);
	/* only a standalone partial has text, and goes in under both indentations */
	if (node->text) {
		kb_buf_add(&indent, f->indent, f->indent_len);
		kb_buf_add(&indent, node->text, node->len);
	}
	inner.indent = indent.data;
	inner.indent_len = indent.len;
	r->partials++;
	rc = render_nodes(r, &inner, 0, inner.t->n);
	r->partials--;
	return rc;
}

static int render_node(struct render *r, const struct frame *f, size_t i)
{
	const struct kb_template_node *node = &f->t->nodes[i];

	if (node->is_text)
		return render_text(r, f, node);
	switch (node->kind) {
	case KB_TEMPLATE_SECTION:
	case KB_TEMPLATE_INVERTED: return render_section(r, f, i);
	case KB_TEMPLATE_PARTIAL: return render_partial(r, f, node);
	default: return render_variable(r, f, node);
	}
}

/* Recursion: one level per open section or partial, and both are counted. */
static int render_nodes(struct render *r, const struct frame *f, size_t from, size_t to)
{
	int rc = 0;

	for (size_t i = from; i < to && rc == 0; i = f->t->nodes[i].end) {
		rc = step(r, f);
		if (rc == 0)
			rc = render_node(r, f, i);
	}
	return rc;
}

static void take_back(struct kb_buf *out, size_t len)
{
	if (!out->data)
		return;
	explicit_bzero(out->data + len, out->len - len);
	out->len = len;
}

int kb_template_render(const struct kb_template *t, const struct kb_value *context,
		       const struct kb_template_options *options, struct kb_buf *out,
		       bool *ret_secret, struct kb_err *err)
{
	static const struct kb_template_options strict;
	struct render r = {.options = options ? options : &strict, .out = out, .err = err};
	struct frame f = {t, NULL, 0};
	int rc;

	r.begin = out->len;
	r.contexts[r.depth++] = context;
	rc = render_nodes(&r, &f, 0, t->n);
	if (rc != 0) {
		take_back(out, r.begin);
		return rc;
	}
	if (ret_secret)
		*ret_secret = r.secret;
	return 0;
}
