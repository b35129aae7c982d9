/* TEMPLATE [NUL PARTIAL]: parsed, walked and rendered over a fixed context. A
 * refusal leaves the output as it was, and what is not said to hold a secret is
 * the same whatever the secret is. */
#include "tests/fuzz/fuzz.h"

#include "core/template.h"

static struct kb_value *host(const char *name, const char *address)
{
	struct kb_value *v = kb_value_map();

	kb_value_set(v, "name", kb_value_text(name));
	kb_value_set(v, "address", kb_value_text(address));
	return v;
}

static struct kb_value *make_context(const char *secret)
{
	struct kb_value *v = kb_value_map(), *peers = kb_value_list(),
			*credentials = kb_value_map();

	kb_value_push(peers, host("redis-01", "10.0.0.123"));
	kb_value_push(peers, host("redis-02", "10.0.0.124"));
	kb_value_set(credentials, "redis", kb_value_secret(secret, strlen(secret)));
	kb_value_set(v, "credentials", credentials);
	kb_value_set(v, "peers", peers);
	kb_value_set(v, "host", host("redis-01", "10.0.0.123"));
	kb_value_set(v, "port", kb_value_text("6379"));
	kb_value_set(v, "lines", kb_value_text("a\nb"));
	kb_value_set(v, "yes", kb_value_bool(true));
	kb_value_set(v, "no", kb_value_bool(false));
	kb_value_set(v, "null", kb_value_null());
	kb_value_set(v, "empty", kb_value_list());
	return v;
}

static int find_partial(void *arg, const char *name, const struct kb_template **ret_template,
			struct kb_err *err)
{
	(void)err;
	*ret_template = strcmp(name, "p") == 0 ? arg : NULL;
	return 0;
}

static int see_reference(void *arg, const struct kb_template_ref *ref)
{
	KB_MUST(ref->name[0] && ref->line > 0 && ref->column > 0);
	KB_MUST(ref->nwithin <= KB_TEMPLATE_NESTING_MAX);
	++*(size_t *)arg;
	return 0;
}

struct rendered {
	int rc;
	bool has_secret;
	struct kb_buf out;
	struct kb_err err;
};

static void render(const struct kb_template *t, const struct kb_value *context,
		   const struct kb_template_options *options, struct rendered *r)
{
	memset(r, 0, sizeof(*r));
	kb_buf_puts(&r->out, "before");
	r->rc = kb_template_render(t, context, options, &r->out, &r->has_secret, &r->err);
	KB_MUST(r->out.len <= 6 + KB_TEMPLATE_OUTPUT_MAX);
	if (r->rc < 0)
		KB_MUST(r->err.code == r->rc && strcmp(r->out.data, "before") == 0);
}

static bool is_same(const struct rendered *a, const struct rendered *b)
{
	return a->rc == b->rc && a->has_secret == b->has_secret && a->out.len == b->out.len &&
	       memcmp(a->out.data, b->out.data, a->out.len) == 0 &&
	       strcmp(a->err.text, b->err.text) == 0;
}

static void check_render(const struct kb_template *t, const struct kb_template *partial)
{
	static struct kb_value *context, *other;
	struct kb_template_options options = {.partial = find_partial};
	struct rendered strict, again;

	if (!context) {
		context = make_context("tr0ub4dor&3");
		other = make_context("c0rrect-h0rse");
	}
	memcpy(&options.partial_arg, &partial, sizeof(partial));
	render(t, context, &options, &strict);
	render(t, other, &options, &again);
	KB_MUST(strict.rc == again.rc && strict.has_secret == again.has_secret);
	KB_MUST(strict.has_secret || is_same(&strict, &again));
	kb_buf_free(&again.out);
	if (strict.rc == 0) { /* what strict accepts, lenient renders the same */
		options.lenient = true;
		render(t, context, &options, &again);
		KB_MUST(is_same(&strict, &again));
		kb_buf_free(&again.out);
	}
	kb_buf_free(&strict.out);
}

KB_FUZZ(template)
{
	const char *text = (const char *)data, *end = memchr(text, '\0', len);
	size_t n = end ? (size_t)(end - text) : len, references = 0;
	kb_autotemplate struct kb_template *t = NULL, *partial = NULL;
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;

	if (end)
		kb_template_parse("p", end + 1, len - n - 1, NULL, &partial, NULL);
	if (kb_template_parse("t", text, n, &diag, &t, NULL) < 0) {
		KB_MUST(kb_diag_count(&diag) > 0);
		return 0;
	}
	KB_MUST(kb_diag_count(&diag) == 0);
	kb_template_names(t, see_reference, &references);
	check_render(t, partial);
	return 0;
}
