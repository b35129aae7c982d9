/* A permission to go back: no bytes are signed by nobody, and lines that are
 * accepted have one spelling and lead to an older release. */
#include "tests/fuzz/fuzz.h"

#include "core/downgrade.h"

KB_FUZZ(downgrade)
{
	static const struct kb_trust nobody = {.n = 0};
	kb_autobuf struct kb_buf again = KB_BUF_INIT;
	const char *text = (const char *)data;
	struct kb_err err = {.code = 0};
	struct kb_downgrade d;
	int rc = kb_downgrade_read(text, len, &nobody, &d, &err);

	KB_MUST(rc == KB_E_DAMAGED || rc == KB_E_SIGNATURE || rc == KB_E_TRUST);
	rc = kb_downgrade_parse(text, len, &d, &err);
	KB_MUST(rc == 0 || (rc == KB_E_INVALID && err.code == rc));
	if (rc < 0)
		return 0;
	kb_downgrade_write(&d, &again);
	KB_MUST(again.len == len && memcmp(again.data, text, len) == 0);
	KB_MUST(d.n_hosts <= KB_DOWNGRADE_HOSTS_MAX && kb_release_cmp(d.to, d.from) < 0);
	kb_downgrade_free(&d);
	return 0;
}
