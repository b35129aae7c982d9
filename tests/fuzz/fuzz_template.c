/* TEMPLATE [NUL PARTIAL]: parsed, walked and rendered over a fixed context. A
 * refusal leaves the output as it was, and a secret is never in it unsaid. */
#include "tests/fuzz/fuzz.h"

#include "core/template.h"

static const char secret[] = "tr0ub4dor&3";

static struct kb_value *host(const char *name, const char *address)
{
	struct kb_value *v = kb_value_map();

	kb_value_set(v, "name", kb_value_text(name));
	kb_value_set(v, "address", kb_value_text(address));
	return v;
}

static struct kb_value *make_context(void)
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

static void render(const struct kb_template *t, const struct kb_template *partial, bool own_text)
{
	kb_autovalue struct kb_value *context = make_context();
	struct kb_template_options options = {.partial = find_partial};
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_err err = {.code = 0};
	bool has_secret = false;
	int rc;

	memcpy(&options.partial_arg, &partial, sizeof(partial));
	kb_buf_puts(&out, "before");
	rc = kb_template_render(t, context, &options, &out, &has_secret, &err);
	if (rc < 0) {
		KB_MUST(err.code == rc && strcmp(out.data, "before") == 0);
		KB_MUST(own_text || !strstr(err.text, secret));
		return;
	}
	KB_MUST(out.len <= 6 + KB_TEMPLATE_OUTPUT_MAX);
	KB_MUST(has_secret || own_text || !memmem(out.data, out.len, secret, strlen(secret)));
	options.lenient = true; /* what strict accepts, lenient renders the same */
	{
		kb_autobuf struct kb_buf again = KB_BUF_INIT;

		kb_buf_puts(&again, "before");
		KB_MUST(kb_template_render(t, context, &options, &again, NULL, &err) == 0);
		KB_MUST(again.len == out.len && memcmp(again.data, out.data, out.len) == 0);
	}
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
	render(t, partial, memmem(data, len, secret, strlen(secret)) != NULL);
	return 0;
}
