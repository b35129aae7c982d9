#include "builder/diff.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct kb_diff_entry *add_entry(struct kb_diff *diff, enum kb_diff_section section,
				       enum kb_diff_change change, const char *name)
{
	diff->entries = kb_grow(diff->entries, diff->n, &diff->cap, sizeof(*diff->entries));
	diff->entries[diff->n] = (struct kb_diff_entry){.section = section,
							.change = change,
							.name = name,
							.a_blob = KB_DIFF_NO_BLOB,
							.b_blob = KB_DIFF_NO_BLOB};
	return &diff->entries[diff->n++];
}

static void add_field(struct kb_diff_entry *e, const struct kb_diff_value *a,
		      const struct kb_diff_value *b)
{
	const struct kb_diff_value *any = a ? a : b;

	assert(any);
	e->fields = kb_realloc(e->fields, e->n_fields + 1, sizeof(*e->fields));
	e->fields[e->n_fields++] = (struct kb_diff_field){any->name, a ? a->value : NULL,
							  b ? b->value : NULL, any->bytes};
}

static const struct kb_diff_value *find(const struct kb_diff_item *it, const char *name)
{
	for (size_t i = 0; i < it->n; i++)
		if (strcmp(it->values[i].name, name) == 0)
			return &it->values[i];
	return NULL;
}

static void one_side(struct kb_diff *diff, enum kb_diff_section section, enum kb_diff_change change,
		     const struct kb_diff_item *it)
{
	struct kb_diff_entry *e = add_entry(diff, section, change, it->name);
	bool added = change == KB_DIFF_ADDED;

	for (size_t i = 0; i < it->n; i++)
		add_field(e, added ? NULL : &it->values[i], added ? &it->values[i] : NULL);
	e->texts = it->blob != KB_DIFF_NO_BLOB;
	*(added ? &e->b_blob : &e->a_blob) = it->blob;
}

static void both_sides(struct kb_diff *diff, enum kb_diff_section section,
		       const struct kb_diff_item *a, const struct kb_diff_item *b)
{
	struct kb_diff_entry e = {.section = section,
				  .change = KB_DIFF_CHANGED,
				  .name = a->name,
				  .a_blob = a->blob,
				  .b_blob = b->blob};

	for (size_t i = 0; i < a->n; i++) {
		const struct kb_diff_value *other = find(b, a->values[i].name);

		if (!other || strcmp(other->value, a->values[i].value) != 0)
			add_field(&e, &a->values[i], other);
	}
	for (size_t i = 0; i < b->n; i++)
		if (!find(a, b->values[i].name))
			add_field(&e, NULL, &b->values[i]);
	if (!e.n_fields)
		return;
	for (size_t i = 0; i < e.n_fields; i++)
		e.texts |= section == KB_DIFF_FILES && strcmp(e.fields[i].name, "digest") == 0;
	*add_entry(diff, section, KB_DIFF_CHANGED, a->name) = e;
}

static void merge(struct kb_diff *diff, enum kb_diff_section section)
{
	const struct kb_diff_items *a = &diff->a[section], *b = &diff->b[section];

	for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
		int order = i == a->n ? 1 : k == b->n ? -1 : strcmp(a->v[i].name, b->v[k].name);

		if (order < 0)
			one_side(diff, section, KB_DIFF_REMOVED, &a->v[i++]);
		else if (order > 0)
			one_side(diff, section, KB_DIFF_ADDED, &b->v[k++]);
		else
			both_sides(diff, section, &a->v[i++], &b->v[k++]);
	}
}

/* ---- what takes both manifests to see ---- */

static const char *keep(struct kb_diff *diff, char *text)
{
	return diff->extra[diff->n_extra++] = text;
}

static void extra_entry(struct kb_diff *diff, enum kb_diff_section section, char *name, char *a,
			char *b, bool bytes)
{
	struct kb_diff_entry *e = add_entry(diff, section, KB_DIFF_CHANGED, keep(diff, name));

	e->fields = kb_alloc(1, sizeof(*e->fields));
	e->n_fields = 1;
	e->fields[0] = (struct kb_diff_field){section == KB_DIFF_STEPS ? "order" : "size",
					      keep(diff, a), keep(diff, b), bytes};
}

/* The ids of M's steps of PHASE that OTHER has in it too, in M's order. */
static char *common_steps(const struct kb_manifest *m, const struct kb_manifest *other, int phase)
{
	struct kb_buf ids = KB_BUF_INIT;

	for (size_t i = 0; i < m->n_steps; i++) {
		const struct kb_step *twin = kb_manifest_step(other, m->steps[i].id);

		if (m->steps[i].phase == phase && twin && twin->phase == phase)
			kb_buf_printf(&ids, "%s%s", ids.len ? " " : "", m->steps[i].id);
	}
	return kb_buf_steal(&ids);
}

static void compare_order(struct kb_diff *diff, const struct kb_manifest *a,
			  const struct kb_manifest *b)
{
	for (int phase = 0; phase < KB_PHASE_COUNT; phase++) {
		char *of_a = common_steps(a, b, phase), *of_b = common_steps(b, a, phase);

		if (strcmp(of_a, of_b) != 0) {
			extra_entry(diff, KB_DIFF_STEPS, kb_strdup(kb_phase_name(phase)), of_a,
				    of_b, false);
		} else {
			free(of_a);
			free(of_b);
		}
	}
}

/* Plain bytes of the blobs that OTHER does not have. */
static uint64_t own_bytes(const struct kb_manifest *m, const struct kb_manifest *other)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < m->n_blobs; i++)
		if (kb_manifest_blob(other, &m->blobs[i].digest) < 0)
			bytes += m->blobs[i].size;
	return bytes;
}

static void compare_content(struct kb_diff *diff, const struct kb_manifest *a,
			    const struct kb_manifest *b)
{
	uint64_t of_a = own_bytes(a, b), of_b = own_bytes(b, a);

	if (of_a || of_b)
		extra_entry(diff, KB_DIFF_STORAGE, kb_strdup("content the other has not"),
			    kb_format("%" PRIu64, of_a), kb_format("%" PRIu64, of_b), true);
}

void kb_diff_make(const struct kb_diff_side *a, const struct kb_diff_side *b,
		  struct kb_diff *ret_diff)
{
	memset(ret_diff, 0, sizeof(*ret_diff));
	for (int i = 0; i < KB_DIFF_SECTIONS; i++) {
		kb_diff_items_make(i, a->m, b->id ? a->id : NULL, &ret_diff->a[i]);
		kb_diff_items_make(i, b->m, a->id ? b->id : NULL, &ret_diff->b[i]);
		merge(ret_diff, i);
		if (i == KB_DIFF_STEPS)
			compare_order(ret_diff, a->m, b->m);
		if (i == KB_DIFF_STORAGE && a->id && b->id)
			compare_content(ret_diff, a->m, b->m);
	}
}

void kb_diff_free(struct kb_diff *diff)
{
	for (size_t i = 0; i < diff->n; i++)
		free(diff->entries[i].fields);
	free(diff->entries);
	for (int i = 0; i < KB_DIFF_SECTIONS; i++) {
		kb_diff_items_free(&diff->a[i]);
		kb_diff_items_free(&diff->b[i]);
	}
	for (size_t i = 0; i < diff->n_extra; i++)
		free(diff->extra[i]);
	memset(diff, 0, sizeof(*diff));
}
