#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/redact.h"

static const char secret[] = "s3cret/Pass+w0rd";

static char *filtered(const char *line, bool cut)
{
	struct kb_redact *r = kb_redact_new();
	struct kb_buf out = KB_BUF_INIT;

	kb_redact_add(r, secret, strlen(secret));
	kb_redact_add(r, "second-one", 10);
	kb_redact_add(r, "tiny", 4);
	kb_redact_line(r, line, strlen(line), cut, &out);
	kb_redact_free(r);
	return kb_buf_steal(&out);
}

static void check(const char *line, const char *wanted)
{
	kb_autofree char *got = filtered(line, false);

	assert_string_equal(got, wanted);
}

/* K2 */
KB_TEST(redact_hides_the_secret_wherever_it_stands)
{
	check("nothing here", "nothing here");
	check("", "");
	check("s3cret/Pass+w0rd", "***");
	check("a s3cret/Pass+w0rd b s3cret/Pass+w0rd", "a *** b ***");
	check("s3cret/Pass+w0rdsecond-one", "******");
	check("s3cret/Pass+w0r", "s3cret/Pass+w0r");
	check("tiny words stay", "tiny words stay");
}

KB_TEST(redact_hides_other_spellings)
{
	check("dr0w+ssaP/terc3s", "***");
	check("7333637265742f506173732b77307264", "***");
	check("7333637265742F506173732B77307264!", "***!");
	check("url s3cret%2FPass%2Bw0rd", "url ***");
	check("url s3cret%2fPass%2bw0rd", "url ***");
}

/* printf '%s' TEXT | base64, with the secret at each place in a group of
 * three; characters that others have a part in stay. */
KB_TEST(redact_hides_base64_at_any_offset)
{
	check("czNjcmV0L1Bhc3MrdzByZA==", "***A==");
	check("eHMzY3JldC9QYXNzK3cwcmQ=", "eH***Q=");
	check("eHhzM2NyZXQvUGFzcyt3MHJk", "eHh***");
	check("dXNlcjpzM2NyZXQvUGFzcyt3MHJk", "dXNlcjp***");
}

KB_TEST(redact_hides_the_beginning_at_a_cut)
{
	kb_autofree char *whole = filtered("value=s3cret/Pa", false);
	kb_autofree char *cut = filtered("value=s3cret/Pa", true);

	assert_string_equal(whole, "value=s3cret/Pa");
	assert_string_equal(cut, "value=***");
}

KB_TEST(redact_without_secrets_copies)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	kb_redact_line(NULL, "line", 4, false, &out);
	assert_string_equal(out.data, "line");
}
