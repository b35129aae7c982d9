#include "tests/unit/unit.h"

#include <string.h>

#include "builder/secret_key.h"
#include "core/downgrade.h"
#include "stub/downgrade.h"

static struct kb_secret_key *signer;
static struct kb_trust trust;

static const struct kb_digest older = {{7}}, other = {{8}};

static void make_key(void)
{
	if (signer)
		return;
	assert_int_equal(kb_secret_key_generate(&signer, NULL), 0);
	kb_secret_key_public(signer, &trust.keys[0]);
	trust.n = 1;
}

/* From 2.10 to 2.8, on two hosts. */
static struct kb_downgrade sample(void)
{
	return (struct kb_downgrade){.id = {1, 2, 3},
				     .product = "keybuzz",
				     .role = "redis",
				     .hosts = {"redis-01", "redis-02"},
				     .n_hosts = 2,
				     .from = {2, 10},
				     .to = {2, 8},
				     .manifest = older,
				     .until = "2026-12-31"};
}

static void sign_lines(struct kb_buf *out)
{
	kb_autobuf struct kb_buf covered = KB_BUF_INIT;
	uint8_t signature[KB_SIGNATURE_LEN];

	make_key();
	kb_downgrade_covered(out->data, out->len, &covered);
	assert_int_equal(kb_secret_key_sign(signer, covered.data, covered.len, signature, NULL), 0);
	kb_downgrade_seal(&trust.keys[0], signature, out);
}

static void sign_sample(const struct kb_downgrade *d, struct kb_buf *out)
{
	kb_downgrade_write(d, out);
	sign_lines(out);
}

static int read_back(const struct kb_buf *text, const struct kb_trust *by)
{
	struct kb_downgrade d;
	struct kb_err err;
	int rc = kb_downgrade_read(text->data, text->len, by, &d, &err);

	if (rc == 0)
		kb_downgrade_free(&d);
	return rc;
}

KB_TEST(downgrade_reads_back_as_it_was_written)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_downgrade d = sample(), read;

	sign_sample(&d, &text);
	assert_int_equal(kb_downgrade_read(text.data, text.len, &trust, &read, NULL), 0);
	assert_string_equal(read.role, "redis");
	assert_int_equal(read.n_hosts, 2);
	assert_string_equal(read.hosts[1], "redis-02");
	assert_int_equal(read.from.counter, 10);
	assert_int_equal(read.to.counter, 8);
	assert_string_equal(read.until, "2026-12-31");
	assert_memory_equal(read.id, d.id, sizeof(d.id));
	assert_true(kb_digest_eq(&read.manifest, &older));
	kb_downgrade_free(&read);
}

/* I10: every byte is covered, and nothing may be cut off or added. */
KB_TEST(downgrade_with_another_byte_or_length_is_refused)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_downgrade d = sample();
	size_t whole;
	int rc;

	sign_sample(&d, &text);
	whole = text.len;
	for (size_t at = 0; at < whole; at++)
		for (int bit = 0; bit < 8; bit++) {
			text.data[at] = (char)(text.data[at] ^ 1 << bit);
			rc = read_back(&text, &trust);
			assert_true(rc == KB_E_DAMAGED || rc == KB_E_SIGNATURE);
			text.data[at] = (char)(text.data[at] ^ 1 << bit);
		}
	for (text.len = 0; text.len < whole; text.len++)
		assert_int_equal(read_back(&text, &trust), KB_E_DAMAGED);
	kb_buf_putc(&text, '\n');
	assert_int_equal(read_back(&text, &trust), KB_E_DAMAGED);
	while (text.len <= KB_DOWNGRADE_MAX)
		kb_buf_putc(&text, '\n');
	assert_int_equal(read_back(&text, &trust), KB_E_DAMAGED);
}

KB_TEST(downgrade_is_worth_nothing_from_a_stranger_or_for_another_purpose)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT, covered = KB_BUF_INIT;
	const struct kb_trust nobody = {.n = 0};
	struct kb_downgrade d = sample();
	uint8_t signature[KB_SIGNATURE_LEN];

	sign_sample(&d, &text);
	assert_int_equal(read_back(&text, &nobody), KB_E_TRUST);
	kb_buf_clear(&text);
	kb_downgrade_write(&d, &text);
	kb_pae("keybuzz-run/manifest/v1", text.data, text.len, &covered);
	assert_int_equal(kb_secret_key_sign(signer, covered.data, covered.len, signature, NULL), 0);
	kb_downgrade_seal(&trust.keys[0], signature, &text);
	assert_int_equal(read_back(&text, &trust), KB_E_SIGNATURE);
}

/* FROM in the signed lines becomes TO before they are signed. */
static int read_changed(const char *from, const char *to)
{
	kb_autobuf struct kb_buf lines = KB_BUF_INIT, text = KB_BUF_INIT;
	struct kb_downgrade d = sample();
	const char *at;

	kb_downgrade_write(&d, &lines);
	at = strstr(lines.data, from);
	assert_non_null(at);
	kb_buf_add(&text, lines.data, (size_t)(at - lines.data));
	kb_buf_puts(&text, to);
	kb_buf_puts(&text, at + strlen(from));
	sign_lines(&text);
	return read_back(&text, &trust);
}

KB_TEST(downgrade_has_one_spelling)
{
	static const char *const changes[][2] = {
		{"role redis", "role  redis"},
		{"role redis", "role Redis"},
		{"role redis\n", ""},
		{"from 2.10", "from 2.010"},
		{"from 2.10", "from +2.10"},
		{"from 2.10", "from 2.8"},
		{"from 2.10", "from 1.99"},
		{"from 2.10", "from 2"},
		{"from 2.10", "from 99999999999999999999.1"},
		{"redis-01", "redis-02"},
		{"redis-01", "redis-03"},
		{"until 2026-12-31", "until 2026-13-31"},
		{"until 2026-12-31", "until 2026-12-32"},
		{"until 2026-12-31", "until 2026-02-31"},
		{"until 2026-12-31", "until 2026-12-3"},
		{"until 2026-12-31\n", "until 2026-12-31\nmore\n"},
		{"id 01", "id 0A"},
		{"manifest 07", "manifest 0"},
	};

	assert_int_equal(read_changed("redis-01", "redis-00"), 0);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		assert_int_equal(read_changed(changes[i][0], changes[i][1]), KB_E_INVALID);
}

/* 2026-12-31 begins. */
#define LAST_DAY 1798675200u

struct host {
	const char *name;
	uint64_t now, date;
	struct kb_release_number accepted;
};

static const struct host good = {"redis-02", LAST_DAY + 86399, 0, {2, 10}};

static int permit(const struct kb_downgrade *d, const struct host *host, const char *role,
		  const struct kb_digest *id)
{
	char product[] = "keybuzz", its_role[16];
	struct kb_manifest m = {.product = product, .role = its_role, .epoch = 2, .counter = 8};
	struct kb_floor floor = {.known = true, .number = host->accepted, .date = host->date};
	struct kb_err err;
	int rc;

	strcpy(its_role, role);
	rc = kb_downgrade_permit(d, &m, id, host->name, host->now, &floor, &err);
	assert_int_equal(floor.back, rc == 0);
	if (rc < 0)
		return rc;
	assert_true(kb_digest_eq(&floor.older, id));
	/* and a second time on the same floor */
	assert_int_equal(kb_downgrade_permit(d, &m, id, host->name, host->now, &floor, &err),
			 KB_E_ROLLBACK);
	return 0;
}

/* I10 */
KB_TEST(downgrade_is_for_named_hosts_releases_and_days_and_once)
{
	const struct kb_downgrade d = sample();
	struct kb_downgrade all = sample();
	struct host h = good;

	all.n_hosts = 0;
	assert_int_equal(permit(&d, &good, "redis", &older), 0);
	assert_int_equal(permit(&d, &good, "queue", &older), KB_E_TARGET);
	assert_int_equal(permit(&d, &good, "redis", &other), KB_E_ROLLBACK);
	h.name = "redis-03";
	assert_int_equal(permit(&d, &h, "redis", &older), KB_E_TARGET);
	assert_int_equal(permit(&all, &h, "redis", &older), 0);
	h.name = NULL;
	assert_int_equal(permit(&d, &h, "redis", &older), KB_E_TARGET);
	h = good;
	h.now = LAST_DAY + 86400;
	assert_int_equal(permit(&d, &h, "redis", &older), KB_E_EXPIRED);
	h.now = 0; /* a clock before what was signed is not believed */
	h.date = LAST_DAY + 86400;
	assert_int_equal(permit(&d, &h, "redis", &older), KB_E_EXPIRED);
	h = good;
	h.accepted.counter = 11;
	assert_int_equal(permit(&d, &h, "redis", &older), KB_E_ROLLBACK);
	h.accepted = (struct kb_release_number){3, 10};
	assert_int_equal(permit(&d, &h, "redis", &older), KB_E_ROLLBACK);
}
