#include "builder/lint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/site_tree.h"
#include "core/name.h"
#include "core/template.h"
#include "core/utf8.h"

enum { VISITS_MAX = 1000000 }; /* list elements of one step's template */

/* The template of one step, with its partials. */
struct walk {
	struct kb_site_load *l;
	struct kb_role *role;
	const struct kb_value *context[KB_TEMPLATE_CONTEXT_MAX];
	size_t depth;
	char *open[KB_TEMPLATE_PARTIAL_MAX + 1]; /* paths: the template, then partials */
	size_t n_open;
	size_t visits;
	bool readable; /* the result can be read by everyone on the host */
};

/* One file of it. */
struct file {
	struct walk *w;
	const char *shown;
};

static void check_file(struct walk *w, const char *path);

#define REPORT(f, ref, ...) \
	kb_diag_add((f)->w->l->diag, (f)->shown, (ref)->line, (ref)->column, __VA_ARGS__)

/* As the renderer looks names up: the first part from the inside out, the rest
 * only in what was found. *RET_BROKEN is the length of NAME up to the part that
 * is missing and *RET_IN where it was looked for (NULL: in every context). */
static const struct kb_value *lookup(const struct walk *w, const char *name, size_t *ret_broken,
				     const struct kb_value **ret_in)
{
	size_t n = strcspn(name, "."), begin = 0;
	const struct kb_value *v = NULL;

	*ret_broken = 0;
	*ret_in = NULL;
	if (strcmp(name, ".") == 0)
		return w->context[w->depth - 1];
	for (size_t d = w->depth; d > 0 && !v; d--)
		v = kb_value_get_n(w->context[d - 1], name, n);
	while (v && name[begin + n] == '.') {
		begin += n + 1;
		n = strcspn(name + begin, ".");
		*ret_broken = begin;
		*ret_in = v;
		v = kb_value_get_n(v, name + begin, n);
	}
	return v;
}

static const struct kb_value *find(const struct walk *w, const char *name)
{
	const struct kb_value *in;
	size_t broken;

	return lookup(w, name, &broken, &in);
}

static const char *nearest_key(const struct kb_value *map, const char *word)
{
	size_t n = kb_value_count(map);
	kb_autofree const char **keys = kb_alloc(n, sizeof(*keys));

	if (kb_value_kind(map) != KB_VALUE_MAP)
		return NULL;
	for (size_t i = 0; i < n; i++)
		keys[i] = kb_value_key(map, i);
	return kb_schema_nearest(word, keys, n);
}

static void report_undefined(const struct file *f, const struct kb_template_ref *ref)
{
	const struct walk *w = f->w;
	const struct kb_value *in;
	const char *near = NULL;
	size_t broken;

	lookup(w, ref->name, &broken, &in);
	if (in) {
		near = nearest_key(in, ref->name + broken);
	} else {
		kb_autofree char *first = kb_strndup(ref->name, strcspn(ref->name, "."));

		for (size_t d = w->depth; d > 0 && !near; d--)
			near = nearest_key(w->context[d - 1], first);
	}
	if (near)
		REPORT(f, ref, "undefined name \"%s\"; did you mean \"%.*s%s\"?", ref->name,
		       (int)broken, ref->name, near);
	else
		REPORT(f, ref, "undefined name \"%s\"", ref->name);
}

static bool has_control(const char *s, size_t len)
{
	uint32_t point = 0;

	for (size_t i = 0, n; i < len; i += n) {
		n = kb_utf8_take(s + i, len - i, &point);
		if (n == 0)
			n = 1;
		else if (kb_utf8_is_control(point))
			return true;
	}
	return false;
}

static void check_variable(const struct file *f, const struct kb_template_ref *ref,
			   const struct kb_value *v)
{
	size_t len = 0;
	const char *s = kb_value_str(v, &len);

	if (!s)
		REPORT(f, ref, "\"%s\" is a %s; only text can be inserted", ref->name,
		       kb_value_kind(v) == KB_VALUE_LIST ? "list" : "map");
	else if (ref->kind == KB_TEMPLATE_VARIABLE && has_control(s, len))
		REPORT(f, ref, "the value of \"%s\" has several lines; {{{%s}}} allows them",
		       ref->name, ref->name);
	if (kb_value_is_secret(v) && f->w->readable)
		REPORT(f, ref,
		       "\"%s\" is secret, and everyone may read the file this step writes; use a "
		       "template step with mode \"0640\" or less",
		       ref->name);
}

/* {{>name}} is a template of the role or a file of the library. NULL when there
 * is none. */
static char *find_partial(const struct walk *w, const char *name)
{
	char *paths[] = {kb_format("roles/%s/templates/%s", w->role->name, name),
			 kb_format("lib/%s", name)};
	char *found = NULL;

	for (size_t i = 0; i < 2; i++) {
		int fd = kb_site_tree_open(w->l->payloadfd, paths[i], NULL);

		if (fd >= 0)
			close(fd);
		if (fd >= 0 && !found)
			found = paths[i];
		else
			free(paths[i]);
	}
	return found;
}

static void check_partial(const struct file *f, const struct kb_template_ref *ref)
{
	struct walk *w = f->w;
	kb_autofree char *path = NULL;

	if (kb_name_check_relative(ref->name, NULL) == 0)
		path = find_partial(w, ref->name);
	if (!path) {
		REPORT(f, ref, "no partial \"%s\": neither in roles/%s/templates nor in lib",
		       ref->name, w->role->name);
		return;
	}
	for (size_t i = 0; i < w->n_open; i++)
		if (strcmp(w->open[i], path) == 0) {
			REPORT(f, ref, "the partial \"%s\" includes itself", ref->name);
			return;
		}
	if (w->n_open == sizeof(w->open) / sizeof(w->open[0])) {
		REPORT(f, ref, "more than %d partials in partials", KB_TEMPLATE_PARTIAL_MAX);
		return;
	}
	kb_site_load_strings_add(&w->role->files, path);
	check_file(w, path);
}

static void check_reference(const struct file *f, const struct kb_template_ref *ref)
{
	const struct kb_value *v;

	if (ref->kind == KB_TEMPLATE_PARTIAL) {
		check_partial(f, ref);
		return;
	}
	v = find(f->w, ref->name);
	if (!v)
		report_undefined(f, ref);
	else if (ref->kind == KB_TEMPLATE_VARIABLE || ref->kind == KB_TEMPLATE_RAW)
		check_variable(f, ref, v);
}

/* Open the sections around REF from the I-th on, once for each element of a
 * list, and judge it in the innermost. A section over an undefined name was
 * reported where it stands, and an empty list renders nothing. */
static void visit(const struct file *f, const struct kb_template_ref *ref, size_t i)
{
	struct walk *w = f->w;
	const struct kb_value *v;
	size_t n = 1;

	if (++w->visits >= VISITS_MAX) {
		if (w->visits == VISITS_MAX)
			REPORT(f, ref, "more than %d list elements in this template", VISITS_MAX);
		return;
	}
	if (i == ref->nwithin) {
		check_reference(f, ref);
		return;
	}
	v = find(w, ref->within[i]);
	if (!v)
		return;
	if (w->depth == KB_TEMPLATE_CONTEXT_MAX) {
		REPORT(f, ref, "more than %d sections in sections", KB_TEMPLATE_CONTEXT_MAX);
		return;
	}
	if (kb_value_kind(v) == KB_VALUE_LIST)
		n = kb_value_count(v);
	for (size_t j = 0; j < n; j++) {
		w->context[w->depth++] = kb_value_kind(v) == KB_VALUE_LIST ? kb_value_at(v, j) : v;
		visit(f, ref, i + 1);
		w->depth--;
	}
}

static int visit_reference(void *arg, const struct kb_template_ref *ref)
{
	visit(arg, ref, 0);
	return 0;
}

static void check_file(struct walk *w, const char *path)
{
	kb_autofree char *shown = kb_site_load_shown_payload(w->l, path);
	kb_autotemplate struct kb_template *t = NULL;
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct file f = {w, shown};
	struct kb_err err;

	if (kb_site_tree_read(w->l->payloadfd, path, KB_TEMPLATE_MAX, &text, &err) < 0) {
		kb_diag_add(w->l->diag, shown, 0, 0, "%s", err.text);
		return;
	}
	if (kb_template_parse(shown, text.data, text.len, w->l->diag, &t, NULL) < 0)
		return;
	w->open[w->n_open++] = kb_strdup(path);
	kb_template_names(t, visit_reference, &f);
	free(w->open[--w->n_open]);
}

static bool is_rendered(const struct kb_step *step)
{
	return step->source[0] && (step->kind == KB_STEP_TEMPLATE || step->kind == KB_STEP_UNIT);
}

void kb_lint_templates(struct kb_site_load *l, struct kb_role *role)
{
	kb_autovalue struct kb_value *context = kb_lint_context(l->site, role);

	for (size_t i = 0; i < role->n_steps; i++) {
		const struct kb_step *step = &role->steps[i];
		struct walk w = {.l = l, .role = role, .context = {context}, .depth = 1};

		if (!is_rendered(step))
			continue;
		w.readable = step->kind == KB_STEP_UNIT || step->mode & 0007;
		check_file(&w, step->source);
	}
	kb_site_load_strings_sort(&role->files);
}
