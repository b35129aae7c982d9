/* A public key's PEM: what is accepted has exactly one spelling. */
#include "tests/fuzz/fuzz.h"

#include "core/key.h"

KB_FUZZ(key)
{
	char again[KB_KEY_PEM_LEN + 1];
	struct kb_key key;
	struct kb_err err = {.code = 0};
	int rc = kb_key_parse((const char *)data, len, "f", &key, &err);

	KB_MUST(rc == 0 || (rc == KB_E_INVALID && err.code == rc));
	if (rc < 0)
		return 0;
	kb_key_pem(&key, again);
	KB_MUST(len == KB_KEY_PEM_LEN && memcmp(again, data, len) == 0);
	return 0;
}
