/* The signed lines of a permission to go back. */
#include "core/downgrade.h"

#include <stdlib.h>
#include <string.h>

#include "core/name.h"

#define FIRST "keybuzz-downgrade 1\n"

int kb_release_cmp(struct kb_release_number a, struct kb_release_number b)
{
	if (a.epoch != b.epoch)
		return a.epoch < b.epoch ? -1 : 1;
	return a.counter < b.counter ? -1 : a.counter > b.counter;
}

static void add_number(struct kb_buf *out, const char *key, struct kb_release_number n)
{
	kb_buf_printf(out, "%s %llu.%llu\n", key, (unsigned long long)n.epoch,
		      (unsigned long long)n.counter);
}

void kb_downgrade_write(const struct kb_downgrade *d, struct kb_buf *out)
{
	char id[2 * KB_DOWNGRADE_ID_LEN + 1];

	kb_hex(d->id, sizeof(d->id), id);
	kb_buf_printf(out, FIRST "id %s\nproduct %s\nrole %s\n", id, d->product, d->role);
	for (size_t i = 0; i < d->n_hosts; i++)
		kb_buf_printf(out, "host %s\n", d->hosts[i]);
	add_number(out, "from", d->from);
	add_number(out, "to", d->to);
	kb_buf_printf(out, "manifest %s\nuntil %s\n", kb_digest_hex(&d->manifest), d->until);
}

/* The next line's value when it begins with KEY and a blank, else NULL; *AT
 * moves behind it. Its end becomes a NUL. */
static char *take(char **at, const char *key)
{
	size_t n = strlen(key);
	char *value, *end;

	if (strncmp(*at, key, n) != 0 || (*at)[n] != ' ')
		return NULL;
	value = *at + n + 1;
	end = strchr(value, '\n');
	if (!end)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return value;
}

/* Loosely: what is not as it would be written is found when it is written. */
static bool take_number(char **at, const char *key, struct kb_release_number *ret_number)
{
	const char *value = take(at, key);
	char *dot;

	if (!value)
		return false;
	ret_number->epoch = strtoull(value, &dot, 10);
	if (*dot != '.')
		return false;
	ret_number->counter = strtoull(dot + 1, NULL, 10);
	return true;
}

static bool take_id(char **at, uint8_t id[KB_DOWNGRADE_ID_LEN])
{
	const char *value = take(at, "id");

	return value && strlen(value) == KB_DOWNGRADE_ID_LEN * 2 &&
	       kb_hex_parse(value, id, KB_DOWNGRADE_ID_LEN);
}

static bool take_hosts(char **at, struct kb_downgrade *d)
{
	const char *host;

	while ((host = take(at, "host"))) {
		if (d->n_hosts == KB_DOWNGRADE_HOSTS_MAX || !*host ||
		    (d->n_hosts && strcmp(d->hosts[d->n_hosts - 1], host) >= 0))
			return false;
		d->hosts[d->n_hosts++] = host;
	}
	return true;
}

static bool parse(char *text, struct kb_downgrade *d)
{
	char *at = text + sizeof(FIRST) - 1;
	const char *manifest, *until;
	uint64_t day;

	if (!take_id(&at, d->id) || !(d->product = take(&at, "product")) ||
	    !(d->role = take(&at, "role")) || !take_hosts(&at, d) ||
	    !take_number(&at, "from", &d->from) || !take_number(&at, "to", &d->to))
		return false;
	manifest = take(&at, "manifest");
	until = take(&at, "until");
	if (!manifest || !kb_digest_parse(manifest, &d->manifest) || !until ||
	    !kb_day_parse(until, &day) || *at)
		return false;
	memcpy(d->until, until, sizeof(d->until));
	return kb_name_check_id(d->role, NULL) == 0 && kb_release_cmp(d->to, d->from) < 0;
}

/* One spelling: what was read is written again, and must be the same. */
static bool is_canonical(const struct kb_downgrade *d, const char *text, size_t len)
{
	kb_autobuf struct kb_buf again = KB_BUF_INIT;

	kb_downgrade_write(d, &again);
	return again.len == len && memcmp(again.data, text, len) == 0;
}

int kb_downgrade_parse(const char *lines, size_t len, struct kb_downgrade *ret_downgrade,
		       struct kb_err *err)
{
	struct kb_downgrade d = {.text = kb_strndup(lines, len)};

	if (len < sizeof(FIRST) || !parse(d.text, &d) || !is_canonical(&d, lines, len)) {
		kb_downgrade_free(&d);
		return kb_err_set(err, KB_E_INVALID,
				  "signed, but not as this version writes a permission to "
				  "downgrade");
	}
	*ret_downgrade = d;
	return 0;
}

void kb_downgrade_free(struct kb_downgrade *d)
{
	free(d->text);
	memset(d, 0, sizeof(*d));
}
