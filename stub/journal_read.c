#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/mem.h"
#include "stub/journal.h"

enum {
	AT_STATE = 8,
	AT_ZERO = 12,
	AT_BOOT = 16,
	AT_TIME = 32,
	AT_STEP = 40,
	AT_INPUT = 56,
	AT_RELEASE = 88,
	AT_CHAIN = 96,
};

void kb_records_begin(const char *role, struct kb_digest *ret_chain)
{
	kb_autofree char *text = kb_format("keybuzz-run/journal/v1 %s", role);

	kb_digest_of(text, strlen(text), ret_chain);
}

static void link_chain(struct kb_digest *chain, const uint8_t *bytes)
{
	uint8_t both[KB_DIGEST_LEN + AT_CHAIN];

	memcpy(both, chain->b, KB_DIGEST_LEN);
	memcpy(both + KB_DIGEST_LEN, bytes, AT_CHAIN);
	kb_digest_of(both, sizeof(both), chain);
}

void kb_record_write(const struct kb_record *record, struct kb_digest *chain,
		     uint8_t ret_bytes[KB_RECORD_LEN])
{
	memset(ret_bytes, 0, KB_RECORD_LEN);
	kb_put64(ret_bytes, record->seq);
	kb_put32(ret_bytes + AT_STATE, record->state);
	memcpy(ret_bytes + AT_BOOT, record->boot, sizeof(record->boot));
	kb_put64(ret_bytes + AT_TIME, (uint64_t)record->time);
	memcpy(ret_bytes + AT_STEP, record->step, sizeof(record->step));
	memcpy(ret_bytes + AT_INPUT, record->input.b, KB_DIGEST_LEN);
	memcpy(ret_bytes + AT_RELEASE, record->release, sizeof(record->release));
	link_chain(chain, ret_bytes);
	memcpy(ret_bytes + AT_CHAIN, chain->b, KB_DIGEST_LEN);
}

static bool read_record(const uint8_t *p, uint64_t seq, struct kb_digest *chain,
			struct kb_record *ret_record)
{
	struct kb_digest next = *chain;
	struct kb_record *r = ret_record;

	link_chain(&next, p);
	r->seq = kb_get64(p);
	r->state = kb_get32(p + AT_STATE);
	if (memcmp(next.b, p + AT_CHAIN, KB_DIGEST_LEN) != 0 || r->seq != seq ||
	    r->state < KB_RECORD_BEGIN || r->state > KB_RECORD_COMMIT ||
	    !kb_all_zero(p + AT_ZERO, 4))
		return false;
	memcpy(r->boot, p + AT_BOOT, sizeof(r->boot));
	r->time = (int64_t)kb_get64(p + AT_TIME);
	memcpy(r->step, p + AT_STEP, sizeof(r->step));
	memcpy(r->input.b, p + AT_INPUT, KB_DIGEST_LEN);
	memcpy(r->release, p + AT_RELEASE, sizeof(r->release));
	*chain = next;
	return true;
}

int kb_records_parse(const uint8_t *bytes, size_t len, const char *role,
		     struct kb_records *ret_records, struct kb_err *err)
{
	struct kb_records records = {.n = len / KB_RECORD_LEN};

	if (records.n > KB_RECORDS_MAX)
		return kb_err_set(err, KB_E_STATE, "journal: %zu records, at most %u", records.n,
				  KB_RECORDS_MAX);
	records.at = kb_alloc(records.n, sizeof(*records.at));
	kb_records_begin(role, &records.chain);
	for (size_t i = 0; i < records.n; i++) {
		const uint8_t *p = bytes + i * KB_RECORD_LEN;

		if (read_record(p, i + 1, &records.chain, &records.at[i]))
			continue;
		if ((i + 1) * KB_RECORD_LEN == len) { /* torn: it never happened */
			records.n = i;
			break;
		}
		free(records.at);
		return kb_err_set(err, KB_E_STATE,
				  "journal: record %zu of %zu does not follow the one before: the "
				  "file was changed or belongs to another role",
				  i + 1, records.n);
	}
	*ret_records = records;
	return 0;
}
