/* A record of state. It carries its own digest, which no mutation gets right,
 * so it is parsed as it is and once more with the digest corrected. */
#include "tests/fuzz/fuzz.h"

#include "core/digest.h"
#include "stub/keyfile.h"

static void parse(const char *text, size_t len)
{
	struct kb_keyfile *kf = NULL;
	struct kb_err err = {.code = 0};
	const char *key, *value;
	uint64_t number;
	int rc = kb_keyfile_parse(text, len, "fuzz", &kf, &err);

	KB_MUST(rc == 0 || (rc == KB_E_STATE && err.code == rc));
	for (size_t i = 0; rc == 0 && kb_keyfile_at(kf, i, &key, &value); i++) {
		KB_MUST(!strpbrk(key, " \n") && !strchr(value, '\n'));
		KB_MUST(kb_keyfile_get(kf, key));
		kb_keyfile_u64(kf, key, &number, &err);
	}
	kb_keyfile_free(kf);
}

KB_FUZZ(keyfile)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_digest digest;

	parse((const char *)data, len);
	kb_keyfile_begin(&text, "fuzz");
	kb_buf_add(&text, data, len);
	if (text.data[text.len - 1] != '\n')
		kb_buf_putc(&text, '\n');
	kb_digest_of(text.data, text.len, &digest);
	kb_buf_printf(&text, "sum %s\n", kb_digest_hex(&digest));
	parse(text.data, text.len);
	return 0;
}
