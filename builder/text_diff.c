#include "builder/text_diff.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

enum { CONTEXT = 3 };

struct line {
	const char *at;
	size_t len; /* with its "\n", which the last one may lack */
};

struct text {
	struct line *lines;
	size_t n;
	bool *changed; /* per line: deleted from A, or inserted in B */
};

bool kb_text_diff_is_text(const char *s, size_t len)
{
	while (len) {
		uint32_t point;
		size_t n = kb_utf8_take(s, len, &point);

		if (!n ||
		    (kb_utf8_is_control(point) && point != '\t' && point != '\n' && point != '\r'))
			return false;
		s += n;
		len -= n;
	}
	return true;
}

static void split(const char *s, size_t len, struct text *ret)
{
	size_t cap = 0;

	while (len) {
		const char *end = memchr(s, '\n', len);
		size_t n = end ? (size_t)(end - s) + 1 : len;

		ret->lines = kb_grow(ret->lines, ret->n, &cap, sizeof(*ret->lines));
		ret->lines[ret->n++] = (struct line){s, n};
		s += n;
		len -= n;
	}
	ret->changed = kb_alloc(ret->n, sizeof(*ret->changed));
}

static bool same(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

/* What is left when the equal beginning and end are taken off. */
struct middle {
	const struct line *a, *b;
	bool *a_changed, *b_changed;
	long n, m;
};

static struct middle trim(struct text *a, struct text *b)
{
	size_t head = 0, tail = 0, least = a->n < b->n ? a->n : b->n;

	while (head < least && same(&a->lines[head], &b->lines[head]))
		head++;
	while (tail < least - head && same(&a->lines[a->n - 1 - tail], &b->lines[b->n - 1 - tail]))
		tail++;
	return (struct middle){a->lines + head,
			       b->lines + head,
			       a->changed + head,
			       b->changed + head,
			       (long)(a->n - head - tail),
			       (long)(b->n - head - tail)};
}

/* Row D of the trace holds the furthest x on diagonals -D, -D+2 .. D. */
static int *row_at(int *trace, long d)
{
	return trace + d * (d + 1) / 2;
}

/* Did the furthest way to diagonal K come down from K + 1? Else from K - 1. */
static bool came_down(const int *previous, long d, long k)
{
	/* diagonal q stands in row d - 1 at (q + d - 1) / 2 */
	return k == -d || (k != d && previous[(k + d) / 2 - 1] < previous[(k + d) / 2]);
}

static long furthest(const int *previous, long d, long k)
{
	if (d == 0)
		return 0;
	return came_down(previous, d, k) ? previous[(k + d) / 2] : previous[(k + d) / 2 - 1] + 1;
}

/* The number of edits, with the trace of how they were found; -1: too many. */
static long search(const struct middle *t, int *trace, long limit)
{
	for (long d = 0; d <= limit; d++) {
		int *row = row_at(trace, d);

		for (long k = -d; k <= d; k += 2) {
			long x = furthest(d ? row_at(trace, d - 1) : NULL, d, k), y = x - k;

			while (x < t->n && y < t->m && same(&t->a[x], &t->b[y]))
				x++, y++;
			row[(k + d) / 2] = (int)x;
			if (x >= t->n && y >= t->m)
				return d;
		}
	}
	return -1;
}

/* Walk back from the end: what leads to the end never leaves the texts. */
static void mark(const struct middle *t, int *trace, long d)
{
	long k = t->n - t->m;

	for (; d > 0; d--) {
		const int *previous = row_at(trace, d - 1);
		long x = furthest(previous, d, k);

		if (came_down(previous, d, k)) {
			t->b_changed[x - k - 1] = true;
			k++;
		} else {
			t->a_changed[x - 1] = true;
			k--;
		}
	}
}

static void compare(const struct middle *t)
{
	kb_autofree int *trace = NULL;
	long limit = t->n + t->m < KB_TEXT_DIFF_EDITS ? t->n + t->m : KB_TEXT_DIFF_EDITS;
	long d = -1;

	if (t->n && t->m) {
		trace = kb_alloc((size_t)((limit + 1) * (limit + 2) / 2), sizeof(*trace));
		d = search(t, trace, limit);
	}
	if (d >= 0) {
		mark(t, trace, d);
		return;
	}
	memset(t->a_changed, true, (size_t)t->n);
	memset(t->b_changed, true, (size_t)t->m);
}

/* ---- hunks ---- */

struct hunk {
	size_t a, a_end, b, b_end;
};

/* From the first change at or behind A, B to where CONTEXT lines follow the
 * last one that is not nearer than that to the next. */
static bool next_hunk(const struct text *a, const struct text *b, size_t i, size_t j,
		      struct hunk *ret)
{
	size_t begin = i, quiet = 0;

	while (i < a->n && j < b->n && !a->changed[i] && !b->changed[j])
		i++, j++;
	if (i == a->n && j == b->n)
		return false;
	begin = i - begin < CONTEXT ? i - begin : CONTEXT;
	ret->a = i - begin;
	ret->b = j - begin;
	while (i < a->n || j < b->n) {
		bool gone = i < a->n && a->changed[i], come = j < b->n && b->changed[j];

		assert(gone || come || (i < a->n && j < b->n));
		if (!gone && !come && ++quiet > 2 * CONTEXT)
			break;
		if (gone || come)
			quiet = 0;
		i += gone || !come;
		j += come || !gone;
	}
	quiet = quiet > CONTEXT ? (quiet > 2 * CONTEXT ? CONTEXT : quiet - CONTEXT) : 0;
	ret->a_end = i - quiet;
	ret->b_end = j - quiet;
	return true;
}

static void put_line(char sign, const struct line *line, struct kb_buf *out)
{
	kb_buf_putc(out, sign);
	kb_buf_add(out, line->at, line->len);
	if (line->at[line->len - 1] != '\n')
		kb_buf_puts(out, "\n\\ No newline at end of file\n");
}

static void put_range(char sign, size_t begin, size_t end, struct kb_buf *out)
{
	size_t n = end - begin;

	/* an empty range stands behind the line before it */
	kb_buf_printf(out, "%c%zu", sign, n ? begin + 1 : begin);
	if (n != 1)
		kb_buf_printf(out, ",%zu", n);
}

static void put_hunk(const struct text *a, const struct text *b, const struct hunk *h,
		     struct kb_buf *out)
{
	size_t i = h->a, j = h->b;

	kb_buf_puts(out, "@@ ");
	put_range('-', h->a, h->a_end, out);
	kb_buf_putc(out, ' ');
	put_range('+', h->b, h->b_end, out);
	kb_buf_puts(out, " @@\n");
	while (i < h->a_end || j < h->b_end) {
		if (i < h->a_end && a->changed[i]) {
			put_line('-', &a->lines[i++], out);
		} else if (j < h->b_end && b->changed[j]) {
			put_line('+', &b->lines[j++], out);
		} else {
			assert(i < a->n);
			put_line(' ', &a->lines[i++], out);
			j++;
		}
	}
}

void kb_text_diff(const char *a, size_t a_len, const char *b, size_t b_len, struct kb_buf *out)
{
	struct text from = {0}, to = {0};
	struct middle middle;
	struct hunk h = {0};

	split(a, a_len, &from);
	split(b, b_len, &to);
	middle = trim(&from, &to);
	if (middle.n || middle.m)
		compare(&middle);
	while (next_hunk(&from, &to, h.a_end, h.b_end, &h))
		put_hunk(&from, &to, &h, out);
	free(from.lines);
	free(from.changed);
	free(to.lines);
	free(to.changed);
}
