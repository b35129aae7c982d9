#include "core/envfile.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "core/mem.h"

static struct kb_envfile *parse(const char *text)
{
	struct kb_envfile *env = NULL;

	assert_int_equal(kb_envfile_parse("t.env", text, strlen(text), &env, NULL), 0);
	return env;
}

static void assert_refused(const char *text, const char *message)
{
	struct kb_envfile *env = NULL;
	struct kb_err err = {0};

	assert_int_equal(kb_envfile_parse("t.env", text, strlen(text), &env, &err), KB_E_INVALID);
	assert_null(env);
	assert_string_equal(err.text, message);
}

KB_TEST(envfile_reads_the_three_spellings)
{
	kb_autoenvfile struct kb_envfile *env =
		parse("# credentials\n\nREDIS_PASSWORD=abc=d#e$f\nA1='it is \\ \"this\" $x'\n  \n"
		      "B_2=\"it's here\"\nURL=postgres://u:p@10.0.0.10:5432/db?a=1&b=2");

	assert_int_equal(kb_envfile_count(env), 4);
	assert_string_equal(kb_envfile_get(env, "REDIS_PASSWORD"), "abc=d#e$f");
	assert_string_equal(kb_envfile_get(env, "A1"), "it is \\ \"this\" $x");
	assert_string_equal(kb_envfile_get(env, "B_2"), "it's here");
	assert_string_equal(kb_envfile_get(env, "URL"), "postgres://u:p@10.0.0.10:5432/db?a=1&b=2");
	assert_null(kb_envfile_get(env, "B"));
	assert_string_equal(kb_envfile_key(env, 0), "REDIS_PASSWORD");
	assert_string_equal(kb_envfile_value(env, 2), "it's here");
	assert_null(kb_envfile_key(env, 4));
}

KB_TEST(envfile_empty_file_has_no_keys)
{
	kb_autoenvfile struct kb_envfile *env = parse("");

	assert_int_equal(kb_envfile_count(env), 0);
}

KB_TEST(envfile_does_not_evaluate)
{
	kb_autoenvfile struct kb_envfile *env =
		parse("A=$(touch /tmp/pwned)\nB=`id`\nC='$(id)'\nD=x; rm -rf /\n");

	assert_string_equal(kb_envfile_get(env, "A"), "$(touch /tmp/pwned)");
	assert_string_equal(kb_envfile_get(env, "B"), "`id`");
	assert_string_equal(kb_envfile_get(env, "C"), "$(id)");
	assert_string_equal(kb_envfile_get(env, "D"), "x; rm -rf /");
}

/* K8 */
KB_TEST(envfile_faults_with_their_place)
{
	assert_refused("A=1\nA=2\n", "t.env:2:1: A is already in line 1");
	assert_refused("A=1\r\nB=2\r\n",
		       "t.env:1:4: the line ends in CR LF; convert the file to LF");
	assert_refused("A=1\n\nB=x\x01y\n", "t.env:3:4: control character");
	assert_refused("A=\tx\n", "t.env:1:3: control character");
	assert_refused("A=\xc3\xa9\xff\n", "t.env:1:4: not UTF-8");
	assert_refused("\xef\xbb\xbf"
		       "A=1\n",
		       "t.env:1:1: byte order mark; save the file without it");
	assert_refused("A='x", "t.env:1:3: the quote is not closed");
	assert_refused("A=\"x\"y", "t.env:1:6: text behind the closing quote");
	assert_refused("A='x'y'", "t.env:1:6: text behind the closing quote");
	assert_refused("A=\"x\\\"y\"", "t.env:1:7: text behind the closing quote");
	assert_refused("A=\"a$b\"", "t.env:1:5: a shell would change this character; write the "
				    "value in single quotes");
	assert_refused("A= x", "t.env:1:3: the value begins or ends with a blank; quote it if it "
			       "is meant");
	assert_refused("A=x ", "t.env:1:3: the value begins or ends with a blank; quote it if it "
			       "is meant");
	assert_refused("A=\n", "t.env:1:3: the value is empty; give one, or remove the line");
	assert_refused("A=''\n", "t.env:1:3: the value is empty; give one, or remove the line");
	assert_refused("export A=1\n", "t.env:1:1: write KEY=VALUE without \"export\"");
	assert_refused(" A=1\n", "t.env:1:1: blank before the key");
	assert_refused("A =1\n", "t.env:1:2: \"=\" must follow directly after a key of A-Z 0-9 _");
	assert_refused("a=1\n", "t.env:1:1: must begin with a key of A-Z 0-9 _");
	assert_refused("_A=1\n", "t.env:1:1: must begin with a key of A-Z 0-9 _");
	assert_refused("=1\n", "t.env:1:1: must begin with a key of A-Z 0-9 _");
}

KB_TEST(envfile_refuses_nul)
{
	struct kb_envfile *env = NULL;

	assert_int_equal(kb_envfile_parse("t.env", "A=\0b", 4, &env, NULL), KB_E_INVALID);
}

/* A value that stands in the wrong place must not reach the terminal or a log. */
KB_TEST(envfile_messages_never_show_values)
{
	static const char *const bad[] = {
		"S3CRET",          "P=S3CRET\nP=S3CRET", "P='S3CRET",    "P=\"S3CRET$\"",
		"P=S3CRET ",       "S3CRET==",           "p=S3CRET",     "P=S3CRET\r\n",
		"P=S3CRET\x01\n",  "P='S3CRET'S3CRET",   "s3 S3CRET=\n", "P=x\nS3CRET\n",
		"export S3CRET=1",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct kb_envfile *env = NULL;
		struct kb_err err = {0};

		if (kb_envfile_parse("t.env", bad[i], strlen(bad[i]), &env, &err) == 0)
			assert_string_equal(bad[i], "S3CRET=="); /* a key like any other */
		kb_envfile_free(env);
		assert_null(strstr(err.text, "S3CRET"));
	}
}

KB_TEST(envfile_limits)
{
	kb_autobuf struct kb_buf buf = KB_BUF_INIT;
	struct kb_envfile *env = NULL;

	kb_buf_puts(&buf, "A=");
	for (int i = 0; i < KB_ENVFILE_VALUE_MAX; i++)
		kb_buf_putc(&buf, 'x');
	assert_int_equal(kb_envfile_parse("t", buf.data, buf.len, &env, NULL), 0);
	kb_envfile_free(env);
	env = NULL;
	kb_buf_putc(&buf, 'x');
	assert_int_equal(kb_envfile_parse("t", buf.data, buf.len, &env, NULL), KB_E_INVALID);
	kb_buf_clear(&buf);
	for (int i = 0; buf.len < KB_ENVFILE_MAX; i++)
		kb_buf_printf(&buf, "K%d=v\n", i);
	assert_int_equal(kb_envfile_parse("t", buf.data, buf.len, &env, NULL), KB_E_INVALID);
	kb_buf_clear(&buf);
	for (int i = 0; i < 513; i++)
		kb_buf_printf(&buf, "K%d=v\n", i);
	assert_int_equal(kb_envfile_parse("t", buf.data, buf.len, &env, NULL), KB_E_INVALID);
	kb_buf_clear(&buf);
	for (int i = 0; i <= KB_ENVFILE_KEY_MAX; i++)
		kb_buf_putc(&buf, 'K');
	kb_buf_puts(&buf, "=v\n");
	assert_int_equal(kb_envfile_parse("t", buf.data, buf.len, &env, NULL), KB_E_INVALID);
}
