#include "core/packages.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

bool kb_packages_is_name(const char *text)
{
	size_t len = strlen(text);

	return len >= 2 && len <= 128 && text[0] != '+' && text[0] != '-' && text[0] != '.' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == len;
}

static const char *line_end(const char *at, const char *end)
{
	const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

	return newline ? newline : end;
}

static bool is_blank(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
		at++;
	return at == end;
}

bool kb_control_next(const char **at, const char *end, struct kb_control *ret_paragraph)
{
	const char *p = *at, *next;

	while (p < end && is_blank(p, next = line_end(p, end)))
		p = next < end ? next + 1 : end;
	if (p >= end)
		return false;
	ret_paragraph->at = p;
	while (p < end && !is_blank(p, next = line_end(p, end)))
		p = next < end ? next + 1 : end;
	ret_paragraph->end = p;
	*at = p;
	return true;
}

static void trim(const char **at, const char **end)
{
	while (*at < *end && strchr(" \t\r\n", **at))
		(*at)++;
	while (*end > *at && strchr(" \t\r\n", (*end)[-1]))
		(*end)--;
}

bool kb_control_field(const struct kb_control *paragraph, const char *name, const char **ret_value,
		      size_t *ret_len)
{
	const char *p = paragraph->at, *end = paragraph->end;
	size_t len = strlen(name);

	while (p < end) {
		const char *value = p + len + 1, *stop = line_end(p, end);
		bool found =
			(size_t)(stop - p) > len && p[len] == ':' && strncasecmp(p, name, len) == 0;

		/* what is indented belongs to the line before */
		while (stop + 1 < end && (stop[1] == ' ' || stop[1] == '\t'))
			stop = line_end(stop + 1, end);
		if (found) {
			trim(&value, &stop);
			*ret_value = value;
			*ret_len = (size_t)(stop - value);
			return true;
		}
		p = stop < end ? stop + 1 : end;
	}
	return false;
}

/* ---- versions ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "~" before the end, the end before letters, letters before the rest. */
static int weight(const char *p, const char *end)
{
	if (p >= end || is_digit(*p))
		return 0;
	if (*p == '~')
		return -1;
	if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
		return (unsigned char)*p;
	return (unsigned char)*p + 256;
}

/* Of two runs of digits the longer one is greater, once zeros are gone. */
static int cmp_digits(const char **a, const char *a_end, const char **b, const char *b_end)
{
	int first = 0;

	while (*a < a_end && **a == '0')
		(*a)++;
	while (*b < b_end && **b == '0')
		(*b)++;
	while (*a < a_end && *b < b_end && is_digit(**a) && is_digit(**b)) {
		if (!first)
			first = (**a > **b) - (**a < **b);
		(*a)++;
		(*b)++;
	}
	if (*a < a_end && is_digit(**a))
		return 1;
	if (*b < b_end && is_digit(**b))
		return -1;
	return first;
}

static int cmp_part(const char *a, const char *a_end, const char *b, const char *b_end)
{
	while (a < a_end || b < b_end) {
		int order;

		while ((a < a_end && !is_digit(*a)) || (b < b_end && !is_digit(*b))) {
			int x = weight(a, a_end), y = weight(b, b_end);

			if (x != y)
				return x < y ? -1 : 1;
			a += a < a_end;
			b += b < b_end;
		}
		order = cmp_digits(&a, a_end, &b, b_end);
		if (order)
			return order;
	}
	return 0;
}

struct version {
	const char *epoch, *epoch_end;
	const char *upstream, *upstream_end;
	const char *revision, *revision_end;
};

static struct version split(const char *text)
{
	const char *end = text + strlen(text), *colon = strchr(text, ':');
	const char *upstream = colon ? colon + 1 : text;
	const char *dash = memrchr(upstream, '-', (size_t)(end - upstream));

	return (struct version){
		text, colon ? colon : text, upstream, dash ? dash : end, dash ? dash + 1 : end,
		end};
}

int kb_debversion_cmp(const char *a, const char *b)
{
	struct version x = split(a), y = split(b);
	int order = cmp_part(x.epoch, x.epoch_end, y.epoch, y.epoch_end);

	if (!order)
		order = cmp_part(x.upstream, x.upstream_end, y.upstream, y.upstream_end);
	if (!order)
		order = cmp_part(x.revision, x.revision_end, y.revision, y.revision_end);
	return order;
}
