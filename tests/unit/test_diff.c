#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "builder/diff.h"
#include "builder/text_diff.h"
#include "core/value.h"

static char *diff_of(const char *a, const char *b)
{
	struct kb_buf out = KB_BUF_INIT;

	kb_text_diff(a, strlen(a), b, strlen(b), &out);
	return kb_buf_steal(&out);
}

#define DIFF(a, b, expected)                           \
	do {                                           \
		kb_autofree char *got = diff_of(a, b); \
		assert_string_equal(got, expected);    \
	} while (0)

KB_TEST(text_diff_is_what_diff_u_prints)
{
	DIFF("a\nb\n", "a\nb\n", "");
	DIFF("", "", "");
	DIFF("", "a\n", "@@ -0,0 +1 @@\n+a\n");
	DIFF("a\n", "", "@@ -1 +0,0 @@\n-a\n");
	DIFF("a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
	DIFF("a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
	DIFF("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n",
	     "@@ -7,3 +7,4 @@\n 7\n 8\n 9\n+10\n");
	/* six equal lines between two changes join them, seven do not */
	DIFF("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
	     "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
	DIFF("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
	     "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

/* Lines of A by the hunks of DIFF: what patch(1) does, without its guessing. */
static void apply(const char *a, const char *diff, struct kb_buf *out)
{
	size_t at = 1;

	while (*diff) {
		unsigned long from, count = 1;
		char *end;

		assert_int_equal(strncmp(diff, "@@ -", 4), 0);
		from = strtoul(diff + 4, &end, 10);
		if (*end == ',')
			count = strtoul(end + 1, &end, 10);
		for (from += count == 0; at < from; at++) {
			size_t len = strcspn(a, "\n") + 1;

			kb_buf_add(out, a, len);
			a += len;
		}
		diff = strchr(diff, '\n') + 1;
		while (*diff && *diff != '@') {
			size_t len = strcspn(diff, "\n") + 1;

			if (*diff != '+') {
				assert_int_equal(strncmp(a, diff + 1, len - 1), 0);
				a += len - 1;
				at++;
			}
			if (*diff != '-')
				kb_buf_add(out, diff + 1, len - 1);
			diff += len;
		}
	}
	kb_buf_puts(out, a);
}

static void random_text(uint32_t *seed, size_t lines, unsigned letters, struct kb_buf *out)
{
	for (size_t i = 0; i < lines; i++) {
		*seed = *seed * 1664525 + 1013904223;
		kb_buf_printf(out, "%c\n", 'a' + (*seed >> 16) % letters);
	}
}

KB_TEST(text_diff_applied_to_the_first_text_gives_the_second)
{
	uint32_t seed = 1;

	for (unsigned i = 0; i < 4000; i++) {
		kb_autobuf struct kb_buf a = KB_BUF_INIT, b = KB_BUF_INIT, out = KB_BUF_INIT;
		kb_autofree char *diff = NULL;

		random_text(&seed, i % 41, 1 + i % 7, &a);
		random_text(&seed, i % 37, 1 + i % 7, &b);
		kb_buf_puts(&a, "");
		kb_buf_puts(&b, "");
		diff = diff_of(a.data, b.data);
		apply(a.data, diff, &out);
		kb_buf_puts(&out, "");
		assert_string_equal(out.data, b.data);
	}
}

KB_TEST(text_diff_of_unlike_texts_is_bounded)
{
	kb_autobuf struct kb_buf a = KB_BUF_INIT, b = KB_BUF_INIT, out = KB_BUF_INIT;

	for (unsigned i = 0; i < 20000; i++) {
		kb_buf_printf(&a, "%u\n", i);
		kb_buf_printf(&b, "%u\n", i + 30000);
	}
	kb_text_diff(a.data, a.len, b.data, b.len, &out);
	assert_int_equal(strncmp(out.data, "@@ -1,20000 +1,20000 @@\n-0\n", 27), 0);
}

KB_TEST(text_diff_knows_text)
{
	assert_true(kb_text_diff_is_text("a\tb\r\n\xc3\xa9", 7));
	assert_true(kb_text_diff_is_text("", 0));
	assert_false(kb_text_diff_is_text("a\0b", 3));
	assert_false(kb_text_diff_is_text("\x1b[2J", 4));
	assert_false(kb_text_diff_is_text("\xff", 1));
	assert_false(kb_text_diff_is_text("\xc2\x9b", 2));
}

/* ---- manifests ---- */

static int no_text(void *ctx, uint32_t blob, size_t max, struct kb_buf *buf, struct kb_err *err)
{
	(void)ctx;
	(void)blob;
	(void)max;
	(void)buf;
	return kb_err_set(err, KB_E_INTERNAL, "not asked for");
}

/* "- section name" lines of what kb_diff_make finds; frees B. */
static char *entries_of(struct kb_manifest *b)
{
	struct kb_manifest *a = kb_fixture_manifest();
	const struct kb_digest id = {{0}};
	struct kb_diff_side from = {"a", a, &id, no_text, NULL}, to = {"b", b, &id, no_text, NULL};
	struct kb_buf out = KB_BUF_INIT;
	struct kb_diff diff;

	kb_diff_make(&from, &to, &diff);
	kb_buf_puts(&out, "");
	for (size_t i = 0; i < diff.n; i++) {
		const struct kb_diff_entry *e = &diff.entries[i];

		kb_buf_printf(&out, "%c %s %s", (char)e->change,
			      kb_diff_section_name((int)e->section), e->name);
		for (size_t k = 0; e->change == KB_DIFF_CHANGED && k < e->n_fields; k++)
			kb_buf_printf(&out, " [%s: %s -> %s]", e->fields[k].name,
				      e->fields[k].a ? e->fields[k].a : "none",
				      e->fields[k].b ? e->fields[k].b : "none");
		kb_buf_putc(&out, '\n');
	}
	kb_diff_free(&diff);
	kb_manifest_free(a);
	kb_manifest_free(b);
	return kb_buf_steal(&out);
}

#define ENTRIES(change, expected)                              \
	do {                                                   \
		struct kb_manifest *m = kb_fixture_manifest(); \
		change;                                        \
		kb_autofree char *got = entries_of(m);         \
		assert_string_equal(got, expected);            \
	} while (0)

static void set(char **field, const char *value)
{
	free(*field);
	*field = kb_strdup(value);
}

static void swap_steps(struct kb_manifest *m, size_t i, size_t k)
{
	struct kb_step step = m->steps[i];

	m->steps[i] = m->steps[k];
	m->steps[k] = step;
}

KB_TEST(diff_of_a_manifest_with_itself_is_empty)
{
	ENTRIES((void)m, "");
}

KB_TEST(diff_names_what_changed_and_nothing_else)
{
	ENTRIES(set(&m->version, "2"), "~ release  [version: 1.0.0 -> 2]\n");
	ENTRIES(m->not_after = 86400, "~ release  [not after: none -> 1970-01-02T00:00:00Z]\n");
	ENTRIES(m->hosts_min = 3, "~ needs hosts [at least: 0 -> 3]\n");
	ENTRIES(kb_value_set(m->variables, "port", kb_value_text("1")),
		"~ needs variable port [value: 6379 -> 1]\n");
	ENTRIES(set(&m->engine, "docker"), "+ privileges engine docker\n");
	ENTRIES(m->steps[1].mode = 0600,
		"~ privileges path /opt/keybuzz/redis/a [mode: 0640 -> 0600]\n"
		"~ steps install/conf [mode: 0640 -> 0600]\n");
	ENTRIES(m->steps[1].uid = 5, "- privileges owner 0:0\n"
				     "+ privileges owner 5:0\n"
				     "~ privileges path /opt/keybuzz/redis/a [owner: 0:0 -> 5:0]\n"
				     "~ steps install/conf [owner: 0:0 -> 5:0]\n");
	ENTRIES(m->steps[2].flags = KB_STEP_NETWORK,
		"+ privileges network for roles/redis/b\n"
		"~ steps install/up [network: none -> local]\n");
	ENTRIES(m->level = 19, "~ storage  [level: 3 -> 19]\n");
	ENTRIES(set(&m->images[0].reference, "keybuzz/redis:2"),
		"~ images redis [reference: keybuzz/redis:1 -> keybuzz/redis:2]\n");
}

KB_TEST(diff_sees_a_step_that_moved)
{
	ENTRIES(swap_steps(m, 0, 1), "~ steps install [order: data conf up -> conf data up]\n");
}

KB_TEST(diff_of_a_step_that_was_renamed)
{
	ENTRIES(set(&m->steps[2].id, "ready"), "+ steps install/ready\n- steps install/up\n");
}
