/* Templates in Mustache syntax, for configuration files: variables, dotted
 * names, sections, inverted sections, comments, partials and set-delimiter
 * tags, with the specification's rules for standalone lines. No lambdas.
 *
 * Two phases, so that the builder finds every fault before a host sees the
 * template: kb_template_parse reports all faults of syntax, kb_template_names
 * walks every name for the check against the typed model, and
 * kb_template_render writes the text.
 *
 * Strict unless told otherwise. The specification turns what is undefined into
 * nothing; here it is KB_E_INVALID with NAME:LINE:COLUMN:
 * - a variable that is not defined, or a chain a.b.c that breaks;
 * - a section or inverted section over a name that is not defined: a typing
 *   error would silently drop a block of the file. What is present and false,
 *   null, "" or an empty list works as the specification says;
 * - a partial that does not exist.
 * A variable that is a list or a map is an error always.
 *
 * No HTML escaping unless asked for. Against injection into line-based files,
 * {{x}} refuses a value with control characters or line ends (also NEL, U+2028
 * and U+2029, which YAML takes for line ends); {{{x}}} and {{&x}} let through
 * all but NUL. No message ever holds a value.
 *
 * A parsed template is constant and owns a copy of its text.
 */
#ifndef CORE_TEMPLATE_H
#define CORE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/diag.h"
#include "core/err.h"
#include "core/mem.h"
#include "core/value.h"

#define KB_TEMPLATE_MAX         (1024 * 1024)      /* bytes of one template */
#define KB_TEMPLATE_OUTPUT_MAX  (16 * 1024 * 1024) /* bytes rendered */
#define KB_TEMPLATE_NESTING_MAX 32                 /* sections in sections, per template */
#define KB_TEMPLATE_PARTIAL_MAX 16                 /* partials in partials; recursion counts */
#define KB_TEMPLATE_CONTEXT_MAX 128                /* open sections over all partials */
#define KB_TEMPLATE_STEP_MAX    4000000            /* tags and list elements visited */
#define KB_TEMPLATE_NAME_MAX    128                /* bytes of a name */

struct kb_template;

/* NAME is for messages. All faults go to DIAG (may be NULL), and the first one
 * to ERR with the number of the others; KB_E_INVALID. */
int kb_template_parse(const char *name, const char *text, size_t len, struct kb_diag *diag,
		      struct kb_template **ret_template, struct kb_err *err);

/* A reference to a name, as kb_template_names gives it. */
enum kb_template_kind {
	KB_TEMPLATE_VARIABLE, /* {{x}} */
	KB_TEMPLATE_RAW,      /* {{{x}}} or {{&x}} */
	KB_TEMPLATE_SECTION,  /* {{#x}} */
	KB_TEMPLATE_INVERTED, /* {{^x}} */
	KB_TEMPLATE_PARTIAL,  /* {{>x}} */
};

struct kb_template_ref {
	enum kb_template_kind kind;
	const char *name; /* "." is the implicit iterator */
	size_t line, column;
	/* Names of the enclosing sections, outermost first, this one not
	 * included. Inverted sections open no context and are not listed. */
	const char *const *within;
	size_t nwithin;
};

typedef int kb_template_ref_fn(void *arg, const struct kb_template_ref *ref);

/* Call FN for every reference in order; its first result that is not 0 ends the
 * walk and is returned. Partials are named, not entered. */
int kb_template_names(const struct kb_template *t, kb_template_ref_fn *fn, void *arg);

const char *kb_template_name(const struct kb_template *t);

/* Find a partial: 0 and the template (which stays the callee's), 0 and NULL
 * when there is none of that name, or a negative code. */
typedef int kb_template_partial_fn(void *arg, const char *name,
				   const struct kb_template **ret_template, struct kb_err *err);

enum kb_template_escape {
	KB_TEMPLATE_ESCAPE_NONE,
	KB_TEMPLATE_ESCAPE_HTML,
};

/* All zero, or a NULL pointer, is what hosts use. */
struct kb_template_options {
	enum kb_template_escape escape;  /* of {{x}} */
	bool lenient;                    /* what is undefined renders as nothing */
	bool multiline;                  /* {{x}} may hold control characters */
	kb_template_partial_fn *partial; /* NULL: there are no partials */
	void *partial_arg;
};

/* Append the text to OUT. *RET_SECRET (may be NULL) says whether a secret value
 * is in it. On failure OUT is as it was, and what had been added is wiped. */
int kb_template_render(const struct kb_template *t, const struct kb_value *context,
		       const struct kb_template_options *options, struct kb_buf *out,
		       bool *ret_secret, struct kb_err *err);

void kb_template_free(struct kb_template *t);

#define kb_autotemplate __attribute__((cleanup(kb_template_cleanup)))
void kb_template_cleanup(struct kb_template **t);

#endif
