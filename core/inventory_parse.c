#include "core/inventory_entry.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/netaddr.h"
#include "core/utf8.h"

struct parser {
	struct kb_inventory *inv;
	struct kb_diag *diag;
	const char *name;
	size_t line;
	bool has_header;
	bool stopped;
	char *fields[KB_INVENTORY_COLUMNS_MAX]; /* of this line */
	size_t at[KB_INVENTORY_COLUMNS_MAX];
	size_t n; /* may be more than KB_INVENTORY_COLUMNS_MAX: counted, not kept */
};

#define FAULT(p, column, ...) kb_diag_add((p)->diag, (p)->name, (p)->line, column, __VA_ARGS__)

static bool is_title(const char *s)
{
	const char *p = s;

	while ((*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_')
		p++;
	return p > s && *p == '\0';
}

static size_t count_characters(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (s[i] & 0xc0) != 0x80;
	return n;
}

/* Cut LINE at every single TAB. */
static void split(struct parser *p, char *line)
{
	size_t at = 1;

	for (p->n = 0;; p->n++) {
		size_t len = strcspn(line, "\t");
		bool last = line[len] == '\0';

		line[len] = '\0';
		if (p->n < KB_INVENTORY_COLUMNS_MAX) {
			p->fields[p->n] = line;
			p->at[p->n] = at;
		}
		at += count_characters(line, len) + 1;
		line += len + 1;
		if (last)
			break;
	}
	p->n++;
}

static bool check_text(struct parser *p, size_t i)
{
	const char *s = p->fields[i];
	size_t len = strlen(s);
	uint32_t point = 0;

	if (len > KB_INVENTORY_FIELD_MAX) {
		FAULT(p, p->at[i], "field of %zu bytes, at most %d", len, KB_INVENTORY_FIELD_MAX);
		return false;
	}
	for (size_t k = 0, n; k < len; k += n) {
		n = kb_utf8_take(s + k, len - k, &point);
		if (n == 0 || kb_utf8_is_control(point)) {
			FAULT(p, p->at[i] + count_characters(s, k),
			      n ? "control character" : "not UTF-8");
			return false;
		}
	}
	return true;
}

static bool is_title_used(const struct parser *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(p->fields[k], p->fields[i]) == 0)
			return true;
	return false;
}

static void take_header(struct parser *p)
{
	size_t before = kb_diag_count(p->diag);

	for (size_t i = 0; i < KB_INVENTORY_FIXED && i < p->n; i++)
		if (strcmp(p->fields[i], kb_inventory_columns[i].title) != 0)
			FAULT(p, p->at[i], "header: column %zu is \"%.64s\", must be %s", i + 1,
			      p->fields[i], kb_inventory_columns[i].title);
	if (p->n < KB_INVENTORY_FIXED || p->n > KB_INVENTORY_COLUMNS_MAX)
		FAULT(p, 1, "header: %zu columns, must be %d to %d, with one TAB between", p->n,
		      KB_INVENTORY_FIXED, KB_INVENTORY_COLUMNS_MAX);
	for (size_t i = KB_INVENTORY_FIXED; i < p->n && i < KB_INVENTORY_COLUMNS_MAX; i++) {
		if (!is_title(p->fields[i]) || is_title_used(p, i))
			FAULT(p, p->at[i], "header: \"%.64s\" must be A-Z 0-9 _, and unique",
			      p->fields[i]);
		p->inv->extra[p->inv->nextra++] = p->fields[i];
	}
	p->has_header = true;
	/* every line would repeat what is wrong here */
	p->stopped = kb_diag_count(p->diag) > before;
}

static void fill_host(struct parser *p, struct kb_inventory_entry *e)
{
	for (size_t i = 0; i < KB_INVENTORY_FIXED; i++)
		if (i != KB_INVENTORY_CORE)
			memcpy((char *)&e->host + kb_inventory_columns[i].offset, &p->fields[i],
			       sizeof(p->fields[i]));
	for (size_t i = KB_INVENTORY_FIXED; i < p->n; i++)
		e->extra[i - KB_INVENTORY_FIXED] = p->fields[i];
	e->host.core = strcmp(p->fields[KB_INVENTORY_CORE], "yes") == 0;
	if (*e->host.address)
		(void)kb_netaddr_parse(e->host.address, &e->host.ip); /* checked before */
	e->host.line = p->line;
	e->name_at = p->at[KB_INVENTORY_NAME];
	e->address_at = p->at[KB_INVENTORY_ADDRESS];
}

static void take_host(struct parser *p)
{
	struct kb_inventory *inv = p->inv;
	bool good = true;

	if (p->n != KB_INVENTORY_FIXED + inv->nextra) {
		FAULT(p, 1,
		      "%zu fields, the header names %zu; every field needs its TAB, also an "
		      "empty one",
		      p->n, KB_INVENTORY_FIXED + inv->nextra);
		return;
	}
	for (size_t i = 0; i < p->n; i++) {
		if (!check_text(p, i)) {
			good = false;
		} else if (i < KB_INVENTORY_FIXED &&
			   !kb_inventory_columns[i].is_good(p->fields[i])) {
			FAULT(p, p->at[i], "%s \"%s\" %s", kb_inventory_columns[i].title,
			      p->fields[i], kb_inventory_columns[i].must);
			good = false;
		}
	}
	if (!good)
		return;
	inv->entries = kb_grow(inv->entries, inv->n, &inv->cap, sizeof(*inv->entries));
	memset(&inv->entries[inv->n], 0, sizeof(*inv->entries));
	fill_host(p, &inv->entries[inv->n++]);
}

static void take_line(struct parser *p, char *line)
{
	if (line[0] == '#' || line[strspn(line, " \t")] == '\0')
		return;
	split(p, line);
	if (!p->has_header) {
		take_header(p);
	} else if (p->inv->n == KB_INVENTORY_HOSTS_MAX) {
		FAULT(p, 1, "more than %d hosts", KB_INVENTORY_HOSTS_MAX);
		p->stopped = true;
	} else {
		take_host(p);
	}
}

static void take_lines(struct parser *p, char *text)
{
	while (text && *text && !p->stopped) {
		char *end = strchr(text, '\n');
		char *next = end ? end + 1 : NULL;

		if (end)
			*end = '\0';
		else
			end = text + strlen(text);
		if (end > text && end[-1] == '\r')
			end[-1] = '\0';
		p->line++;
		take_line(p, text);
		text = next;
	}
	if (!p->has_header)
		kb_diag_add(p->diag, p->name, 1, 1, "the header line is missing");
}

static int name_order(const void *a, const void *b)
{
	const struct kb_inventory_entry *x = *(const struct kb_inventory_entry *const *)a;
	const struct kb_inventory_entry *y = *(const struct kb_inventory_entry *const *)b;
	int r = kb_inventory_name_cmp(x->host.name, y->host.name);

	return r ? r : (x->host.line > y->host.line) - (x->host.line < y->host.line);
}

static int address_order(const void *a, const void *b)
{
	const struct kb_inventory_entry *x = *(const struct kb_inventory_entry *const *)a;
	const struct kb_inventory_entry *y = *(const struct kb_inventory_entry *const *)b;

	if (x->host.ip != y->host.ip)
		return x->host.ip < y->host.ip ? -1 : 1;
	return (x->host.line > y->host.line) - (x->host.line < y->host.line);
}

static void report_twin(struct parser *p, const struct kb_inventory_entry *first,
			const struct kb_inventory_entry *second, bool by_name)
{
	p->line = second->host.line;
	if (by_name)
		FAULT(p, second->name_at, "HOSTNAME \"%s\" is also in line %zu", second->host.name,
		      first->host.line);
	else
		FAULT(p, second->address_at, "IP_PRIVEE %s is also in line %zu",
		      second->host.address, first->host.line);
}

/* In the whole file, whatever the environment: machines move between them. */
static void check_unique(struct parser *p)
{
	const struct kb_inventory *inv = p->inv;
	kb_autofree const struct kb_inventory_entry **v = kb_alloc(inv->n, sizeof(*v));

	for (size_t i = 0; i < inv->n; i++)
		v[i] = &inv->entries[i];
	qsort(v, inv->n, sizeof(*v), name_order);
	for (size_t i = 1; i < inv->n; i++)
		if (kb_inventory_name_cmp(v[i - 1]->host.name, v[i]->host.name) == 0)
			report_twin(p, v[i - 1], v[i], true);
	qsort(v, inv->n, sizeof(*v), address_order);
	for (size_t i = 1; i < inv->n; i++)
		if (*v[i]->host.address && *v[i - 1]->host.address &&
		    v[i - 1]->host.ip == v[i]->host.ip)
			report_twin(p, v[i - 1], v[i], false);
}

static void choose_hosts(struct kb_inventory *inv, const char *env)
{
	inv->hosts = kb_alloc(inv->n, sizeof(*inv->hosts));
	for (size_t i = 0; i < inv->n; i++) {
		const struct kb_host *host = &inv->entries[i].host;

		if (*host->address && strcmp(host->env, env) == 0)
			inv->hosts[inv->nhosts++] = host;
	}
}

static void parse_all(struct parser *p, const char *text, size_t len)
{
	static const char bom[] = {'\xef', '\xbb', '\xbf'};

	if (len > KB_INVENTORY_MAX) {
		kb_diag_add(p->diag, p->name, 0, 0, "%zu bytes, at most %d", len, KB_INVENTORY_MAX);
		return;
	}
	if (memchr(text, '\0', len)) {
		kb_diag_add(p->diag, p->name, 0, 0, "holds a NUL byte; this is not a text file");
		return;
	}
	if (len >= sizeof(bom) && memcmp(text, bom, sizeof(bom)) == 0) {
		text += sizeof(bom);
		len -= sizeof(bom);
	}
	p->inv->text = kb_strndup(text, len);
	take_lines(p, p->inv->text);
	check_unique(p);
}

int kb_inventory_parse(const char *name, const char *text, size_t len, const char *env,
		       struct kb_diag *diag, struct kb_inventory **ret_inventory,
		       struct kb_err *err)
{
	kb_autodiag struct kb_diag own = KB_DIAG_INIT;
	kb_autoinventory struct kb_inventory *inv = kb_alloc(1, sizeof(*inv));
	struct parser p = {.inv = inv, .diag = diag ? diag : &own, .name = name};
	size_t since = kb_diag_count(p.diag);
	int r;

	parse_all(&p, text, len);
	r = kb_diag_result(p.diag, since, KB_E_INVALID, err);
	if (r < 0)
		return r;
	choose_hosts(inv, env);
	*ret_inventory = kb_steal(inv);
	return 0;
}
