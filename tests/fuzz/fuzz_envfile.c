/* A credentials file. Whatever is accepted means the same to sh: names, no
 * second meaning in quotes, one value for each key. */
#include "tests/fuzz/fuzz.h"

#include "core/envfile.h"
#include "core/utf8.h"

static void check_value(const char *value)
{
	size_t len = strlen(value), n;
	uint32_t point;

	KB_MUST(len > 0 && len <= KB_ENVFILE_VALUE_MAX);
	for (size_t i = 0; i < len; i += n) {
		n = kb_utf8_take(value + i, len - i, &point);
		KB_MUST(n > 0 && !kb_utf8_is_control(point));
	}
}

KB_FUZZ(envfile)
{
	kb_autoenvfile struct kb_envfile *env = NULL;
	struct kb_err err = {.code = 0};
	int rc = kb_envfile_parse("f", (const char *)data, len, &env, &err);

	if (rc < 0) {
		KB_MUST(rc == KB_E_INVALID && err.code == rc && err.text[0]);
		return 0;
	}
	for (size_t i = 0; i < kb_envfile_count(env); i++) {
		const char *key = kb_envfile_key(env, i);

		KB_MUST(key[0] >= 'A' && key[0] <= 'Z' && strlen(key) <= KB_ENVFILE_KEY_MAX);
		check_value(kb_envfile_value(env, i));
		KB_MUST(kb_envfile_get(env, key) == kb_envfile_value(env, i));
	}
	return 0;
}
