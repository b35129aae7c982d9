#include "builder/packages_older.h"

#include <stdlib.h>
#include <string.h>

#include "core/packages.h"

/* "NAME (OP VERSION)": a package that another one depends on. */
struct relation {
	const char *name, *op, *version;
	size_t name_len, op_len, version_len;
};

struct older {
	const struct kb_debs *full, *base;
	bool *carried;
	bool changed;
};

static const char *skip(const char *p, const char *end, const char *these)
{
	while (p < end && strchr(these, *p))
		p++;
	return p;
}

static const char *find(const char *p, const char *end, const char *any)
{
	while (p < end && !strchr(any, *p))
		p++;
	return p;
}

/* The next one that has a version, from *AT on. */
static bool next_relation(const char **at, const char *end, struct relation *r)
{
	while (*at < end) {
		const char *stop = find(*at, end, ",|"), *open, *p;

		p = skip(*at, stop, " \n\t");
		r->name = p;
		r->name_len = (size_t)(find(p, stop, " (:[") - p);
		open = find(p, stop, "(");
		*at = stop < end ? stop + 1 : end;
		if (open == stop)
			continue;
		r->op = skip(open + 1, stop, " ");
		r->op_len = (size_t)(skip(r->op, stop, "<>=") - r->op);
		r->version = skip(r->op + r->op_len, stop, " ");
		r->version_len = (size_t)(find(r->version, stop, " )") - r->version);
		return true;
	}
	return false;
}

static bool is_op(const struct relation *r, const char *op)
{
	return strlen(op) == r->op_len && strncmp(op, r->op, r->op_len) == 0;
}

/* "2.41-12+deb13u4" was "2.41-12" when the release began. What came whole from
 * a later upstream ("1.2~deb13u1") does not tell: *RET_KNOWN is false. */
static char *released(const char *version, bool *ret_known)
{
	const char *found = NULL;

	for (const char *p = version; (p = strstr(p, "deb")); p += 3)
		if (p > version && (p[-1] == '+' || p[-1] == '~') && p[3] >= '0' && p[3] <= '9')
			found = p - 1;
	*ret_known = !found || *found == '+';
	return found ? kb_strndup(version, (size_t)(found - version)) : kb_strdup(version);
}

/* May an older version of DEB, which every host has, be too old for it? */
static bool asks_for_more(const struct relation *r, const struct kb_deb *deb)
{
	kb_autofree char *wanted = kb_strndup(r->version, r->version_len);
	bool known;
	kb_autofree char *first = released(deb->version, &known);
	int order = kb_debversion_cmp(first, wanted);

	if (is_op(r, "="))
		return !known || order != 0;
	if (is_op(r, ">="))
		return !known || order < 0;
	return is_op(r, ">>") && (!known || order <= 0);
}

static long index_of(const struct kb_debs *debs, const char *name, size_t len)
{
	for (size_t i = 0; i < debs->n; i++)
		if (strlen(debs->v[i].name) == len && strncmp(debs->v[i].name, name, len) == 0)
			return (long)i;
	return -1;
}

/* SELF and what it depends on: either may draw in the other. */
static void look(struct older *o, size_t self, const struct relation *r)
{
	long other = index_of(o->full, r->name, r->name_len);
	const struct kb_debs *full = o->full;
	bool more;

	if (other < 0 || !kb_debs_find(o->base, full->v[other].name) ||
	    o->carried[self] == o->carried[other])
		return;
	if (o->carried[self])
		more = asks_for_more(r, &full->v[other]);
	else /* the host's own one wants exactly the version that is replaced */
		more = is_op(r, "=");
	if (!more)
		return;
	o->carried[self] = o->carried[other] = true;
	o->changed = true;
}

static void look_at(struct older *o, const struct kb_control *p)
{
	static const char *const fields[] = {"Depends", "Pre-Depends"};
	const char *value, *at;
	struct relation r;
	size_t len;
	long self;

	if (!kb_control_field(p, "Package", &value, &len) ||
	    (self = index_of(o->full, value, len)) < 0)
		return;
	for (size_t i = 0; i < 2; i++) {
		if (!kb_control_field(p, fields[i], &value, &len))
			continue;
		at = value;
		while (next_relation(&at, value + len, &r))
			look(o, (size_t)self, &r);
	}
}

void kb_packages_older_mark(const char *text, size_t len, const struct kb_debs *full,
			    const struct kb_debs *base, bool *carried)
{
	struct older o = {full, base, carried, true};
	struct kb_control p;

	while (o.changed) {
		const char *at = text;

		o.changed = false;
		while (kb_control_next(&at, text + len, &p))
			look_at(&o, &p);
	}
}

int kb_packages_older(struct kb_apt *apt, const struct kb_debs *full, const struct kb_debs *base,
		      bool *carried, struct kb_err *err)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	int rc = kb_apt_show(apt, full, &text, err);

	if (rc == 0 && text.len)
		kb_packages_older_mark(text.data, text.len, full, base, carried);
	return rc;
}
