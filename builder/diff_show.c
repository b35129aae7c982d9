#include "builder/diff_show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "builder/text_diff.h"
#include "core/json.h"
#include "core/show.h"
#include "core/utf8.h"

static void flush(struct kb_buf *buf, FILE *out)
{
	if (buf->len)
		fwrite(buf->data, 1, buf->len, out);
	kb_buf_clear(buf);
}

/* Embedding, overrides and isolates: they make text look like another. */
static bool reorders(uint32_t point)
{
	return (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
	       point == 0x200e || point == 0x200f || point == 0x061c;
}

static void put_safe(const char *s, size_t len, struct kb_buf *out)
{
	while (len) {
		uint32_t point;
		size_t n = kb_utf8_take(s, len, &point);

		if (!n)
			kb_buf_printf(out, "<%02X>", (unsigned char)*s);
		else if (point != '\n' && point != '\t' &&
			 (kb_utf8_is_control(point) || reorders(point)))
			kb_buf_printf(out, "<U+%04X>", point);
		else
			kb_buf_add(out, s, n);
		s += n ? n : 1;
		len -= n ? n : 1;
	}
}

/* ---- contents ---- */

static int load(const struct kb_diff_side *side, uint32_t blob, struct kb_buf *buf, bool *ret_text,
		struct kb_err *err)
{
	int rc;

	kb_buf_puts(buf, "");
	if (blob == KB_DIFF_NO_BLOB)
		return 0;
	if (side->m->blobs[blob].size > KB_TEXT_DIFF_MAX) {
		*ret_text = false;
		return 0;
	}
	rc = side->load(side->ctx, blob, KB_TEXT_DIFF_MAX, buf, err);
	if (rc < 0)
		return kb_err_wrap(err, "%s", side->name);
	*ret_text = *ret_text && kb_text_diff_is_text(buf->data, buf->len);
	return 0;
}

/* Appends nothing when one of the two is no text, or too long. */
static int compare_texts(const struct kb_diff_entry *e, const struct kb_diff_side *a,
			 const struct kb_diff_side *b, struct kb_buf *out, struct kb_err *err)
{
	kb_autobuf struct kb_buf from = KB_BUF_INIT, to = KB_BUF_INIT;
	bool text = true;
	int rc = load(a, e->a_blob, &from, &text, err);

	if (rc == 0)
		rc = load(b, e->b_blob, &to, &text, err);
	if (rc == 0 && text)
		kb_text_diff(from.data, from.len, to.data, to.len, out);
	return rc;
}

/* ---- text ---- */

static void put_value(const struct kb_diff_field *f, const char *value, struct kb_buf *out)
{
	if (f->bytes && strlen(value) > 3)
		kb_buf_printf(out, "%s bytes (%s)", value, kb_show_size(strtoull(value, NULL, 10)));
	else if (f->bytes)
		kb_buf_printf(out, "%s bytes", value);
	else
		put_safe(value, strlen(value), out);
}

static void put_change(const struct kb_diff_field *f, struct kb_buf *out)
{
	kb_buf_printf(out, "%s: ", f->name);
	put_value(f, f->a, out);
	kb_buf_puts(out, " -> ");
	put_value(f, f->b, out);
	kb_buf_putc(out, '\n');
}

static void put_fields(const struct kb_diff_entry *e, struct kb_buf *out)
{
	const char *indent = *e->name ? "      " : "  ";

	for (size_t i = 0; i < e->n_fields; i++) {
		const struct kb_diff_field *f = &e->fields[i];

		if (f->a && f->b) {
			kb_buf_printf(out, "%s~ ", indent);
			put_change(f, out);
			continue;
		}
		kb_buf_printf(out, "%s%c %s: ", indent, f->a ? '-' : '+', f->name);
		put_value(f, f->a ? f->a : f->b, out);
		kb_buf_putc(out, '\n');
	}
}

/* A thing that one side has: its fields in a line. */
static void put_whole(const struct kb_diff_entry *e, struct kb_buf *out)
{
	for (size_t i = 0; i < e->n_fields; i++) {
		const struct kb_diff_field *f = &e->fields[i];

		kb_buf_printf(out, "%s%s ", i ? ", " : " (", f->name);
		put_value(f, f->a ? f->a : f->b, out);
	}
	kb_buf_puts(out, e->n_fields ? ")\n" : "\n");
}

static void put_entry(const struct kb_diff_entry *e, struct kb_buf *out)
{
	if (*e->name) {
		kb_buf_printf(out, "  %c ", (char)e->change);
		put_safe(e->name, strlen(e->name), out);
	}
	if (e->change != KB_DIFF_CHANGED) {
		put_whole(e, out);
		return;
	}
	if (*e->name)
		kb_buf_putc(out, '\n');
	put_fields(e, out);
}

static void put_side(char letter, const struct kb_diff_side *side, struct kb_buf *out)
{
	kb_buf_printf(out, "%c  ", letter);
	put_safe(side->name, strlen(side->name), out);
	kb_buf_printf(out, ": %s %s %s, counter %" PRIu64 "\n", side->m->product, side->m->role,
		      side->m->version, side->m->counter);
}

static void put_patch_head(const struct kb_diff_entry *e, struct kb_buf *out)
{
	kb_buf_puts(out, "\n--- ");
	if (e->a_blob == KB_DIFF_NO_BLOB)
		kb_buf_puts(out, "/dev/null");
	else
		kb_buf_printf(out, "a/%s", e->name);
	kb_buf_puts(out, "\n+++ ");
	if (e->b_blob == KB_DIFF_NO_BLOB)
		kb_buf_puts(out, "/dev/null");
	else
		kb_buf_printf(out, "b/%s", e->name);
	kb_buf_putc(out, '\n');
}

static int show_patches(const struct kb_diff *diff, const struct kb_diff_side *a,
			const struct kb_diff_side *b, FILE *out, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT, hunks = KB_BUF_INIT;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < diff->n; i++) {
		const struct kb_diff_entry *e = &diff->entries[i];

		if (!e->texts)
			continue;
		kb_buf_clear(&hunks);
		rc = compare_texts(e, a, b, &hunks, err);
		if (rc < 0 || !hunks.len)
			continue;
		put_patch_head(e, &text);
		put_safe(hunks.data, hunks.len, &text);
		flush(&text, out);
	}
	return rc;
}

int kb_diff_show_text(const struct kb_diff *diff, const struct kb_diff_side *a,
		      const struct kb_diff_side *b, FILE *out, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	int section = -1;

	put_side('A', a, &text);
	put_side('B', b, &text);
	if (!diff->n)
		kb_buf_puts(&text, "equal\n");
	for (size_t i = 0; i < diff->n; i++) {
		const struct kb_diff_entry *e = &diff->entries[i];

		if ((int)e->section != section)
			kb_buf_printf(&text, "%s\n", kb_diff_section_name((int)e->section));
		section = (int)e->section;
		put_entry(e, &text);
	}
	flush(&text, out);
	return show_patches(diff, a, b, out, err);
}

/* ---- JSON ---- */

static void json_value(const struct kb_diff_field *f, const char *key, const char *value,
		       struct kb_json *j)
{
	if (!value)
		return;
	if (f->bytes)
		kb_json_key_u64(j, key, strtoull(value, NULL, 10));
	else
		kb_json_key_text(j, key, value);
}

static int json_entry(const struct kb_diff_entry *e, const struct kb_diff_side *a,
		      const struct kb_diff_side *b, struct kb_json *j, struct kb_err *err)
{
	kb_autobuf struct kb_buf hunks = KB_BUF_INIT;
	int rc = e->texts ? compare_texts(e, a, b, &hunks, err) : 0;

	if (rc < 0)
		return rc;
	kb_json_object(j);
	kb_json_key_text(j, "name", e->name);
	kb_json_key_text(j, "change",
			 e->change == KB_DIFF_ADDED     ? "added"
			 : e->change == KB_DIFF_REMOVED ? "removed"
							: "changed");
	kb_json_key(j, "fields");
	kb_json_array(j);
	for (size_t i = 0; i < e->n_fields; i++) {
		const struct kb_diff_field *f = &e->fields[i];

		kb_json_object(j);
		kb_json_key_text(j, "name", f->name);
		json_value(f, "a", f->a, j);
		json_value(f, "b", f->b, j);
		kb_json_object_end(j);
	}
	kb_json_array_end(j);
	if (hunks.len)
		kb_json_key_text(j, "text", hunks.data);
	kb_json_object_end(j);
	return 0;
}

static void json_side(const char *key, const struct kb_diff_side *side, struct kb_json *j)
{
	kb_json_key(j, key);
	kb_json_object(j);
	kb_json_key_text(j, "file", side->name);
	kb_json_key_text(j, "role", side->m->role);
	kb_json_key_text(j, "version", side->m->version);
	kb_json_key_u64(j, "counter", side->m->counter);
	kb_json_key_text(j, "content", kb_digest_hex(&side->m->content_id));
	kb_json_object_end(j);
}

int kb_diff_show_json(const struct kb_diff *diff, const struct kb_diff_side *a,
		      const struct kb_diff_side *b, FILE *out, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_json j;
	size_t i = 0;

	kb_json_init(&j, &text);
	kb_json_object(&j);
	kb_json_key_bool(&j, "equal", diff->n == 0);
	json_side("a", a, &j);
	json_side("b", b, &j);
	for (int section = 0; section < KB_DIFF_SECTIONS; section++) {
		kb_json_key(&j, kb_diff_section_name(section));
		kb_json_array(&j);
		for (; i < diff->n && (int)diff->entries[i].section == section; i++) {
			int rc = json_entry(&diff->entries[i], a, b, &j, err);

			if (rc < 0)
				return rc;
			flush(&text, out); /* a text at a time */
		}
		kb_json_array_end(&j);
	}
	kb_json_object_end(&j);
	kb_json_finish(&j);
	kb_buf_putc(&text, '\n');
	flush(&text, out);
	return 0;
}
