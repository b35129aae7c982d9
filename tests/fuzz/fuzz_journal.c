/* WHERE[4] HOW[1] RECORD.. : a journal whose chain is right, written from the
 * given records, then damaged at one place. Cut short it ends where the last
 * whole record ends; a byte changed in the middle is damage; in the last record
 * it never happened. And any bytes at all are parsed as they are. */
#include "tests/fuzz/fuzz.h"

#include "core/bytes.h"
#include "core/mem.h"
#include "stub/journal.h"

enum { RECORDS_MAX = 6, GIVEN = 89 };

static const char role[] = "redis";

static void add_record(struct kb_buf *out, const uint8_t *p, struct kb_digest *chain, size_t seq)
{
	struct kb_record r = {.seq = seq, .state = KB_RECORD_BEGIN + p[0] % 5};
	uint8_t bytes[KB_RECORD_LEN];

	memcpy(r.boot, p + 1, sizeof(r.boot));
	r.time = (int64_t)kb_get64(p + 17);
	memcpy(r.step, p + 25, sizeof(r.step));
	memcpy(r.input.b, p + 41, KB_DIGEST_LEN);
	memcpy(r.release, p + 73, sizeof(r.release));
	kb_record_write(&r, chain, bytes);
	kb_buf_add(out, bytes, sizeof(bytes));
}

/* N records must be found; a negative N is the code to expect. */
static void expect(const char *bytes, size_t len, long n)
{
	struct kb_records records = {.at = NULL};
	kb_autofree uint8_t *copy = kb_alloc(len, 1);
	int rc;

	if (len)
		memcpy(copy, bytes, len);
	rc = kb_records_parse(copy, len, role, &records, NULL);
	KB_MUST(n < 0 ? rc == (int)n : rc == 0 && records.n == (size_t)n);
	for (size_t i = 0; rc == 0 && i < records.n; i++)
		KB_MUST(records.at[i].seq == i + 1);
	free(records.at);
}

static void parse_as_it_is(const uint8_t *data, size_t len)
{
	struct kb_records records = {.at = NULL};

	if (kb_records_parse(data, len, role, &records, NULL) == 0)
		free(records.at);
}

KB_FUZZ(journal)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	struct kb_digest chain;
	size_t n, at;

	parse_as_it_is(data, len);
	if (len < 5 + GIVEN)
		return 0;
	n = (len - 5) / GIVEN;
	n = n > RECORDS_MAX ? RECORDS_MAX : n;
	kb_records_begin(role, &chain);
	for (size_t i = 0; i < n; i++)
		add_record(&bytes, data + 5 + i * GIVEN, &chain, i + 1);
	expect(bytes.data, bytes.len, (long)n);
	at = kb_get32(data) % bytes.len;
	expect(bytes.data, at, (long)(at / KB_RECORD_LEN));
	if (data[4] == 0)
		return 0;
	bytes.data[at] = (char)(bytes.data[at] ^ data[4]);
	at /= KB_RECORD_LEN;
	expect(bytes.data, bytes.len, at == n - 1 ? (long)n - 1 : (long)KB_E_STATE);
	return 0;
}
