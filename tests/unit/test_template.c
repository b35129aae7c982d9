#include "core/template.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/json_read.h"

static struct kb_template *parse(const char *name, const char *text, size_t len)
{
	struct kb_template *t = NULL;
	struct kb_err err = {0};

	if (kb_template_parse(name, text, len, NULL, &t, &err) < 0)
		fail_msg("%s", err.text);
	return t;
}

/* A set of partials given as a map of texts. */
struct partials {
	struct kb_template *t[20];
	size_t n;
};

static void load_partials(struct partials *p, const struct kb_value *texts)
{
	p->n = 0;
	for (size_t i = 0; texts && i < kb_value_count(texts); i++) {
		size_t len = 0;
		const char *text = kb_value_str(kb_value_at(texts, i), &len);

		assert_true(p->n < 20);
		p->t[p->n++] = parse(kb_value_key(texts, i), text, len);
	}
}

static void free_partials(struct partials *p)
{
	for (size_t i = 0; i < p->n; i++)
		kb_template_free(p->t[i]);
}

static int find_partial(void *arg, const char *name, const struct kb_template **ret_template,
			struct kb_err *err)
{
	const struct partials *p = arg;

	(void)err;
	*ret_template = NULL;
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(kb_template_name(p->t[i]), name) == 0)
			*ret_template = p->t[i];
	return 0;
}

/* Render TEXT with the context and the partials given in JSON. */
static int render(const char *text, size_t len, const struct kb_value *context,
		  const struct kb_value *partial_texts, struct kb_template_options options,
		  struct kb_buf *out, struct kb_err *err)
{
	kb_autotemplate struct kb_template *t = NULL;
	struct partials partials;
	int r = kb_template_parse("t", text, len, NULL, &t, err);

	if (r < 0)
		return r;
	load_partials(&partials, partial_texts);
	options.partial = find_partial;
	options.partial_arg = &partials;
	kb_buf_reserve(out, 0);
	out->data[out->len] = '\0';
	r = kb_template_render(t, context, &options, out, NULL, err);
	free_partials(&partials);
	return r;
}

static struct kb_value *json(const char *text)
{
	struct kb_value *v = NULL;
	struct kb_err err = {0};

	if (kb_json_parse("json", text, strlen(text), &v, &err) < 0)
		fail_msg("%s", err.text);
	return v;
}

/* With the options of hosts. */
static void assert_gives(const char *text, const char *context, const char *expected)
{
	const struct kb_template_options options = {0};
	kb_autovalue struct kb_value *v = json(context);
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_err err = {0};

	if (render(text, strlen(text), v, NULL, options, &out, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(out.data, expected);
}

static void assert_refused_with(const char *text, const char *context, const char *partials,
				const char *message)
{
	const struct kb_template_options options = {0};
	kb_autovalue struct kb_value *v = json(context), *p = json(partials);
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_err err = {0};

	assert_int_equal(render(text, strlen(text), v, p, options, &out, &err), KB_E_INVALID);
	assert_string_equal(err.text, message);
	assert_int_equal(out.len, 0);
}

static void assert_refused(const char *text, const char *context, const char *message)
{
	assert_refused_with(text, context, "{}", message);
}

/* The cases of the specification whose outcome strictness changes, with what
 * is undefined in them. All others give the same bytes in both ways. */
static const struct {
	const char *file, *name, *message;
} changed[] = {
	{"interpolation", "Basic Context Miss Interpolation",
	 "t:1:4: undefined variable \"cannot\""},
	{"interpolation", "Triple Mustache Context Miss Interpolation",
	 "t:1:4: undefined variable \"cannot\""},
	{"interpolation", "Ampersand Context Miss Interpolation",
	 "t:1:4: undefined variable \"cannot\""},
	{"interpolation", "Dotted Names - Broken Chains", "t:1:2: undefined variable \"a.b.c\""},
	{"interpolation", "Dotted Names - Broken Chain Resolution",
	 "t:1:2: undefined variable \"a.b.c.name\""},
	{"interpolation", "Dotted Names - Context Precedence", "t:1:7: undefined variable \"b.c\""},
	{"interpolation", "Dotted Names are never single keys",
	 "t:1:1: undefined variable \"a.b\""},
	{"inverted", "Context Misses", "t:1:2: undefined section \"missing\""},
	{"inverted", "Dotted Names - Broken Chains", "t:1:2: undefined section \"a.b.c\""},
	{"sections", "Context Misses", "t:1:2: undefined section \"missing\""},
	{"sections", "Dotted Names - Broken Chains", "t:1:2: undefined section \"a.b.c\""},
	{"partials", "Failed Lookup", "t:1:2: undefined partial \"text\""},
};

enum { CHANGED = sizeof(changed) / sizeof(changed[0]) };

static const char *changed_message(const char *file, const char *name)
{
	for (size_t i = 0; i < CHANGED; i++)
		if (strcmp(changed[i].file, file) == 0 && strcmp(changed[i].name, name) == 0)
			return changed[i].message;
	return NULL;
}

static const char *member(const struct kb_value *map, const char *key, size_t *ret_len)
{
	const struct kb_value *v = kb_value_get(map, key);

	if (!v)
		fail_msg("case without \"%s\"", key);
	return kb_value_str(v, ret_len);
}

/* One case of the specification; MESSAGE is what strictness makes of it. */
static void run_case(const char *file, const struct kb_value *test, bool lenient,
		     const char *message)
{
	struct kb_template_options options = {
		.escape = KB_TEMPLATE_ESCAPE_HTML, .multiline = true, .lenient = lenient};
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_err err = {0};
	size_t len = 0, expected_len = 0;
	const char *text = member(test, "template", &len);
	const char *expected = member(test, "expected", &expected_len);
	int r = render(text, len, kb_value_get(test, "data"), kb_value_get(test, "partials"),
		       options, &out, &err);

	if (message) {
		assert_int_equal(r, KB_E_INVALID);
		assert_string_equal(err.text, message);
		assert_int_equal(out.len, 0);
		return;
	}
	if (r < 0 || out.len != expected_len || memcmp(out.data, expected, out.len) != 0)
		fail_msg("%s, %s: \"%s\" is not \"%s\" %s", file, member(test, "name", NULL),
			 out.data, expected, err.text);
}

static void run_file(const char *file, size_t expected_cases, size_t *changed_seen)
{
	kb_autofree char *name = kb_format("mustache/%s.json", file);
	const char *path = kb_test_data(name);
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	kb_autovalue struct kb_value *spec = NULL;
	const struct kb_value *tests;

	if (!path)
		skip();
	assert_int_equal(kb_file_read(path, KB_JSON_TEXT_MAX, &text, NULL), 0);
	assert_int_equal(kb_json_parse(path, text.data, text.len, &spec, NULL), 0);
	tests = kb_value_get(spec, "tests");
	assert_int_equal(kb_value_count(tests), expected_cases);
	for (size_t i = 0; i < expected_cases; i++) {
		const struct kb_value *test = kb_value_at(tests, i);
		const char *message = changed_message(file, member(test, "name", NULL));

		run_case(file, test, true, NULL);
		run_case(file, test, false, message);
		*changed_seen += message != NULL;
	}
}

KB_TEST(template_specification_all_cases_lenient_and_strict)
{
	size_t seen = 0;

	run_file("comments", 12, &seen);
	run_file("delimiters", 14, &seen);
	run_file("interpolation", 42, &seen);
	run_file("inverted", 22, &seen);
	run_file("partials", 12, &seen);
	run_file("sections", 34, &seen);
	assert_int_equal(seen, CHANGED);
}

KB_TEST(template_no_html_escaping_on_hosts)
{
	assert_gives("{{a}}", "{\"a\":\"<&\\\">'\"}", "<&\">'");
}

KB_TEST(template_sections_over_present_values)
{
	static const char text[] = "{{#x}}[{{.}}]{{/x}}{{^x}}none{{/x}}";

	assert_gives(text, "{\"x\":\"\"}", "none");
	assert_gives(text, "{\"x\":null}", "none");
	assert_gives(text, "{\"x\":false}", "none");
	assert_gives(text, "{\"x\":[]}", "none");
	assert_gives(text, "{\"x\":true}", "[true]");
	assert_gives(text, "{\"x\":\"v\"}", "[v]");
	assert_gives(text, "{\"x\":[\"v\",\"w\"]}", "[v][w]");
	assert_gives("{{#x}}in{{/x}}{{^x}}out{{/x}}", "{\"x\":{}}", "in");
	assert_gives("{{^a}}{{^b}}{{a}}{{/b}}{{/a}}", "{\"a\":false,\"b\":\"\"}", "false");
}

KB_TEST(template_undefined_names_with_their_place)
{
	assert_refused("port {{p}}\n", "{}", "t:1:6: undefined variable \"p\"");
	assert_refused("a\r\n\xc3\xa9\xe2\x82\xac\t{{{p.q}}}", "{\"p\":{}}",
		       "t:2:4: undefined variable \"p.q\"");
	assert_refused("{{#l}}\n {{name}}\n{{/l}}", "{\"l\":[{\"name\":1},{}]}",
		       "t:2:2: undefined variable \"name\"");
	assert_refused("{{!\nx\n}} {{#s}}{{/s}}", "{}", "t:3:4: undefined section \"s\"");
	assert_refused("{{^s}}{{/s}}", "{}", "t:1:1: undefined section \"s\"");
	assert_refused("\n{{> p}}", "{}", "t:2:1: undefined partial \"p\"");
	assert_refused_with("x\n  {{>p}}", "{}", "{\"p\":\"one\\ntwo {{three}}\"}",
			    "p:2:5: undefined variable \"three\"");
	/* what is not rendered is left to the builder's check of names */
	assert_gives("{{#no}}{{undefined}}{{/no}}", "{\"no\":false}", "");
}

KB_TEST(template_variables_must_be_text)
{
	assert_refused("{{a}}", "{\"a\":[1]}", "t:1:1: variable \"a\" is a list, not text");
	assert_refused("{{a}}", "{\"a\":{}}", "t:1:1: variable \"a\" is a map, not text");
}

/* The attack: a value that adds a line to a line-based configuration. */
KB_TEST(template_values_cannot_add_lines)
{
	static const char attack[] = "{\"a\":\"x\\nPermitRootLogin yes\"}";
	static const char message[] = "t:1:6: the value of \"a\" has control characters or several "
				      "lines; {{{a}}} would allow it";
	static const char *const bad[] = {"\\n",     "\\r",     "\\t",     "\\u001b[2J",
					  "\\u007f", "\\u0085", "\\u2028", "\\u2029"};

	assert_gives("name {{{a}}}", attack, "name x\nPermitRootLogin yes");
	assert_gives("name {{&a}}", attack, "name x\nPermitRootLogin yes");
	assert_refused("name {{a}}", attack, message);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kb_autofree char *context = kb_format("{\"a\":\"x%sy\"}", bad[i]);

		assert_refused("name {{a}}", context, message);
	}
	assert_gives("{{a}}", "{\"a\":\"\xc3\xa9 \xe2\x82\xac $(id) `id` ' \\\" ; {{b}}\"}",
		     "\xc3\xa9 \xe2\x82\xac $(id) `id` ' \" ; {{b}}");
}

/* No reader of ours makes such a value: it is put together here. */
KB_TEST(template_values_with_nul_are_refused)
{
	const struct kb_template_options options = {0};
	kb_autovalue struct kb_value *v = kb_value_map();
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_err err = {0};

	kb_value_set(v, "a", kb_value_text_n("x\0y", 3));
	assert_int_equal(render("{{{a}}}", 7, v, NULL, options, &out, &err), KB_E_INVALID);
	assert_string_equal(err.text, "t:1:1: the value of \"a\" holds a NUL byte");
	assert_int_equal(render("{{a}}", 5, v, NULL, options, &out, &err), KB_E_INVALID);
}

/* What a value holds is never read as a template, a name or a delimiter. */
KB_TEST(template_values_are_not_templates)
{
	assert_gives("{{a}}{{b}}", "{\"a\":\"{{=<% %>=}}\",\"b\":\"{{/x}}{{>p}}\"}",
		     "{{=<% %>=}}{{/x}}{{>p}}");
}

KB_TEST(template_secrets_are_reported_and_not_shown)
{
	kb_autotemplate struct kb_template *t = parse("t", "{{#on}}p={{p}}{{/on}}", 21);
	kb_autovalue struct kb_value *on = json("{\"on\":true}"), *off = json("{\"on\":false}");
	kb_autovalue struct kb_value *bad = kb_value_map();
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_err err = {0};
	bool secret = true;

	kb_value_set(on, "p", kb_value_secret("S3CRET", 6));
	kb_value_set(off, "p", kb_value_secret("S3CRET", 6));
	assert_int_equal(kb_template_render(t, off, NULL, &out, &secret, NULL), 0);
	assert_false(secret);
	assert_int_equal(kb_template_render(t, on, NULL, &out, &secret, NULL), 0);
	assert_true(secret);
	assert_string_equal(out.data, "p=S3CRET");
	kb_value_set(bad, "on", kb_value_bool(true));
	kb_value_set(bad, "p", kb_value_secret("S3CRET\n", 7));
	assert_int_equal(kb_template_render(t, bad, NULL, &out, &secret, &err), KB_E_INVALID);
	assert_null(strstr(err.text, "S3CRET"));
}

KB_TEST(template_failure_leaves_the_output_as_it_was)
{
	kb_autotemplate struct kb_template *t = parse("t", "{{a}}{{b}}", 10);
	kb_autovalue struct kb_value *v = json("{\"a\":\"S3CRET\"}");
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	kb_buf_puts(&out, "before");
	kb_buf_reserve(&out, 100);
	assert_int_equal(kb_template_render(t, v, NULL, &out, NULL, NULL), KB_E_INVALID);
	assert_int_equal(out.len, 6);
	assert_string_equal(out.data, "before");
	for (size_t i = 6; i < 12; i++)
		assert_int_equal(out.data[i], 0);
}

/* Every line of a syntax report. */
static void assert_faults(const char *text, const char *expected)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	kb_autofree char *out = NULL;
	struct kb_template *t = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(f);
	assert_int_equal(kb_template_parse("t", text, strlen(text), &diag, &t, NULL), KB_E_INVALID);
	assert_null(t);
	kb_diag_sort(&diag);
	kb_diag_print(&diag, f);
	fclose(f);
	assert_string_equal(out, expected);
}

KB_TEST(template_all_faults_of_syntax_in_one_run)
{
	static const char chars[] = "may hold letters, digits, \"_\", \"-\" and \".\" only\n";
	kb_autofree char *expected = kb_format(
		"t:1:1: name \"\" is empty\n"
		"t:2:2: name \"a b\" %s"
		"t:3:1: name \".Values.x\" has an empty part beside a \".\"\n"
		"t:4:1: \"/s\" closes a section that is not open\n"
		"t:5:1: delimiters must be two words without \"=\", at most 16 bytes each\n"
		"t:6:1: section \"open\" is not closed\n"
		"t:7:1: name \"x|default\" %s"
		"t:8:13: \"/b\" stands where \"c\" of line 8 must be closed\n",
		chars, chars);

	assert_faults("{{}}\n {{a b}}\n{{ .Values.x }}\n{{/s}}\n{{=<% =}}\n{{#open}}\n"
		      "{{x|default}}\n{{#b}}{{#c}}{{/b}}\n",
		      expected);
	assert_faults("x {{#a}}{{/b}}{{/a}}",
		      "t:1:9: \"/b\" stands where \"a\" of line 1 must be closed\n");
	assert_faults("a\n  {{x", "t:2:3: tag is not closed, \"}}\" is missing\n");
	assert_faults("{{{x}}", "t:1:1: tag is not closed, \"}}}\" is missing\n");
	assert_faults("{{=a b}}", "t:1:1: tag is not closed, \"=}}\" is missing\n");
	assert_faults("{{#a}}{{", "t:1:7: tag is not closed, \"}}\" is missing\n");
	assert_faults("{{a..b}}", "t:1:1: name \"a..b\" has an empty part beside a \".\"\n");
	assert_faults("{{>.}}", "t:1:1: name \".\" is not the name of a partial\n");
	assert_faults("{{=== ==}}", "t:1:1: delimiters must be two words without \"=\", at most "
				    "16 bytes each\n");
	assert_faults("{{a\x1b}}", "t:1:1: name \"a\\x1b\" may hold letters, digits, \"_\", "
				   "\"-\" and \".\" only\n");
}

KB_TEST(template_go_templates_pass_under_other_delimiters)
{
	assert_gives("{{=<% %>=}}\ndocker ps --format {{.Names}} <%a%>\n", "{\"a\":\"x\"}",
		     "docker ps --format {{.Names}} x\n");
}

KB_TEST(template_refuses_nul_and_size)
{
	kb_autofree char *big = kb_alloc(KB_TEMPLATE_MAX + 1, 1);
	struct kb_template *t = NULL;
	struct kb_err err = {0};

	memset(big, 'x', KB_TEMPLATE_MAX + 1);
	assert_int_equal(kb_template_parse("t", "a\0b", 3, NULL, &t, &err), KB_E_INVALID);
	assert_string_equal(err.text, "t: holds a NUL byte; this is not a text file");
	assert_int_equal(kb_template_parse("t", big, KB_TEMPLATE_MAX + 1, NULL, &t, &err),
			 KB_E_INVALID);
	assert_string_equal(err.text, "t: 1048577 bytes, at most 1048576");
	assert_int_equal(kb_template_parse("t", big, KB_TEMPLATE_MAX, NULL, &t, &err), 0);
	kb_template_free(t);
}

KB_TEST(template_nesting_is_limited)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	for (int i = 0; i < KB_TEMPLATE_NESTING_MAX; i++)
		kb_buf_puts(&text, "{{#a}}");
	kb_buf_puts(&text, "x");
	for (int i = 0; i < KB_TEMPLATE_NESTING_MAX; i++)
		kb_buf_puts(&text, "{{/a}}");
	assert_gives(text.data, "{\"a\":true}", "x");
	kb_buf_clear(&text);
	for (int i = 0; i < 100000; i++)
		kb_buf_puts(&text, "{{#a}}");
	assert_faults(text.data, "t:1:193: sections are nested deeper than 32\n");
}

KB_TEST(template_recursion_ends_with_the_data_or_is_refused)
{
	static const char node[] = "{\"node\":\"{{v}}{{#next}}{{>node}}{{/next}}\"}";
	kb_autovalue struct kb_value *v = NULL, *partials = json(node);
	kb_autobuf struct kb_buf out = KB_BUF_INIT, data = KB_BUF_INIT;
	const struct kb_template_options options = {0};

	/* each level shadows "next" until the last one ends it */
	for (int i = 0; i < KB_TEMPLATE_PARTIAL_MAX - 1; i++)
		kb_buf_puts(&data, "{\"v\":1,\"next\":");
	kb_buf_puts(&data, "{\"v\":2,\"next\":false}");
	for (int i = 0; i < KB_TEMPLATE_PARTIAL_MAX - 1; i++)
		kb_buf_puts(&data, "}");
	v = json(data.data);
	assert_int_equal(render("{{>node}}", 9, v, partials, options, &out, NULL), 0);
	assert_string_equal(out.data, "1111111111111112");
	assert_refused_with("{{>node}}", "{\"v\":1,\"next\":{}}", node,
			    "node:1:15: partial \"node\": partials are nested deeper than 16");
	assert_refused_with("{{>a}}", "{}", "{\"a\":\"{{>b}}\",\"b\":\"{{>a}}\"}",
			    "b:1:1: partial \"a\": partials are nested deeper than 16");
}

/* Sections over all partials together, also inverted ones. */
KB_TEST(template_open_sections_are_limited_over_partials)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;

	kb_buf_puts(&text, "{\"p\":\"");
	for (int i = 0; i < KB_TEMPLATE_NESTING_MAX; i++)
		kb_buf_puts(&text, "{{^a}}");
	kb_buf_puts(&text, "{{>p}}");
	for (int i = 0; i < KB_TEMPLATE_NESTING_MAX; i++)
		kb_buf_puts(&text, "{{/a}}");
	kb_buf_puts(&text, "\"}");
	assert_refused_with("{{>p}}", "{\"a\":false}", text.data,
			    "p:1:187: more than 128 sections are open over all partials");
}

/* E8: a gigabyte out of a few lines. */
KB_TEST(template_expansion_is_limited)
{
	kb_autobuf struct kb_buf list = KB_BUF_INIT;

	kb_buf_puts(&list, "{\"l\":[1");
	for (int i = 1; i < 1000; i++)
		kb_buf_puts(&list, ",1");
	kb_buf_puts(&list, "]}");
	assert_refused("{{#l}}{{#l}}{{#l}}x{{/l}}{{/l}}{{/l}}", list.data,
		       "t: more than 4000000 tags and list elements to render");
	assert_refused("{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}", list.data,
		       "t: more than 4000000 tags and list elements to render");
	assert_refused("{{#l}}{{#l}}0123456789abcdef0{{/l}}{{/l}}", list.data,
		       "t: the output is over 16777216 bytes");
}

KB_TEST(template_output_may_be_as_large_as_the_limit)
{
	kb_autofree char *big = kb_alloc(KB_TEMPLATE_MAX + 1, 1);
	kb_autovalue struct kb_value *v = kb_value_map();
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	const struct kb_template_options options = {0};
	struct kb_value *l = kb_value_list();

	memset(big, 'x', KB_TEMPLATE_MAX);
	kb_value_set(v, "big", kb_value_text_n(big, KB_TEMPLATE_MAX));
	for (int i = 0; i < KB_TEMPLATE_OUTPUT_MAX / KB_TEMPLATE_MAX; i++)
		kb_value_push(l, kb_value_bool(true));
	kb_value_set(v, "l", l);
	assert_int_equal(render("{{#l}}{{big}}{{/l}}", 19, v, NULL, options, &out, NULL), 0);
	assert_int_equal(out.len, KB_TEMPLATE_OUTPUT_MAX);
	kb_buf_clear(&out);
	assert_int_equal(render("{{#l}}{{big}}{{/l}}x", 20, v, NULL, options, &out, NULL),
			 KB_E_INVALID);
}

KB_TEST(template_partials_are_indented_line_by_line)
{
	const struct kb_template_options options = {0};
	kb_autovalue struct kb_value *v = json("{\"l\":[\"a\",\"b\"],\"m\":\"x\\ny\"}");
	kb_autovalue struct kb_value *p =
		json("{\"outer\":\"outer:\\n  {{>inner}}\\n\\n{{#l}}\\n- {{.}}\\n{{/l}}\\n"
		     "{{{m}}}\\nend {{>inner}}\",\"inner\":\"one\\ntwo\\n\"}");
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	assert_int_equal(render("top:\n\t{{>outer}}\n", 16, v, p, options, &out, NULL), 0);
	assert_string_equal(out.data, "top:\n\touter:\n\t  one\n\t  two\n\n\t- a\n\t- b\n"
				      "\tx\ny\n\tend one\ntwo\n");
}

/* References as "kind name@line:column in a/b". */
static int collect(void *arg, const struct kb_template_ref *ref)
{
	static const char kinds[] = "vr#^>";
	struct kb_buf *buf = arg;

	kb_buf_printf(buf, "%c%s@%zu:%zu", kinds[ref->kind], ref->name, ref->line, ref->column);
	for (size_t i = 0; i < ref->nwithin; i++)
		kb_buf_printf(buf, "%s%s", i ? "/" : " in ", ref->within[i]);
	kb_buf_puts(buf, "\n");
	return strcmp(ref->name, "stop") == 0 ? 7 : 0;
}

KB_TEST(template_names_with_enclosing_sections)
{
	static const char text[] = "{{a}} {{! no}}\n{{#l}}\n  {{x.y}}{{#m}}{{{.}}}{{/m}}{{&b}}\n"
				   "  {{^n}}{{>p/q}}{{/n}}\n{{/l}}\n{{#e}}{{/e}}{{c}}";
	kb_autotemplate struct kb_template *t = parse("t", text, strlen(text));
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;

	assert_int_equal(kb_template_names(t, collect, &buf), 0);
	assert_string_equal(buf.data, "va@1:1\n"
				      "#l@2:1\n"
				      "vx.y@3:3 in l\n"
				      "#m@3:10 in l\n"
				      "r.@3:16 in l/m\n"
				      "rb@3:29 in l\n"
				      "^n@4:3 in l\n"
				      ">p/q@4:9 in l\n"
				      "#e@6:1\n"
				      "vc@6:13\n");
}

KB_TEST(template_names_stop_when_told)
{
	kb_autotemplate struct kb_template *t = parse("t", "{{a}}{{stop}}{{b}}", 18);
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;

	assert_int_equal(kb_template_names(t, collect, &buf), 7);
	assert_string_equal(buf.data, "va@1:1\nvstop@1:6\n");
}

/* Random text of tag pieces: no crash, and what parses renders or is refused. */
KB_TEST(template_survives_random_text)
{
	static const char *const pieces[] = {
		"{{",     "}}",          "{{{",         "}}}",    "#",        "^",
		"/",      ">",           "!",           "=",      "&",        "a",
		"b",      ".",           " ",           "\n",     "\r\n",     "{{#a}}",
		"{{/a}}", "{{=<% %>=}}", "<%={{ }}=%>", "{{>p}}", "\xc3\xa9", "\t"};
	const struct kb_template_options options = {.lenient = true};
	kb_autovalue struct kb_value *v = json("{\"a\":[{\"b\":\"1\"},\"2\"],\"b\":\"3\"}");
	kb_autovalue struct kb_value *p = json("{\"p\":\"x\\n{{b}}\\n\"}");
	uint32_t seed = 7;

	for (int round = 0; round < 20000; round++) {
		kb_autobuf struct kb_buf text = KB_BUF_INIT, out = KB_BUF_INIT;

		for (int i = 0; i < 12; i++) {
			seed = seed * 1664525 + 1013904223;
			kb_buf_puts(&text,
				    pieces[(seed >> 16) % (sizeof(pieces) / sizeof(pieces[0]))]);
		}
		render(text.data, text.len, v, p, options, &out, NULL);
	}
}
