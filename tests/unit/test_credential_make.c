#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "stub/credential_file.h"
#include "stub/credential_make.h"
#include "stub/secret.h"

static char module[] = "postgres", app[] = "APP_PASS", user[] = "APP_USER", none[] = "",
	    kb[] = "kb", verifier[] = "APP_VERIFIER";
static const struct kb_credential all[] = {
	{module, app, KB_CREDENTIAL_SECRET, 32, none},
	{module, user, KB_CREDENTIAL_VALUE, 0, kb},
	{module, verifier, KB_CREDENTIAL_VERIFIER, 32, app},
};
static const struct kb_credential *const some = &all[1]; /* without the password */

static char *new_dir(int *ret_fd)
{
	static int number;
	char *dir = kb_format("%s/made%d", kb_test_dir(), number++);

	assert_int_equal(mkdir(dir, 0700), 0);
	*ret_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(*ret_fd >= 0);
	return dir;
}

static char *content(const char *dir, const char *name)
{
	kb_autofree char *path = kb_format("%s/%s", dir, name);
	struct kb_buf text = KB_BUF_INIT;
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(kb_file_read(path, 4096, &text, NULL), 0);
	return kb_buf_steal(&text);
}

static void put(const char *dir, const char *text)
{
	kb_autofree char *path = kb_format("%s/postgres.env", dir);

	assert_int_equal(kb_file_replace(path, text, strlen(text), 0600, NULL), 0);
}

/* RET_SAID: "A, B", or why not. */
static int make(const char *dir, int fd, const struct kb_credential *c, size_t n, char **ret_said)
{
	struct kb_buf said = KB_BUF_INIT;
	const char *made[6];
	size_t n_made = 0;
	struct kb_err err;
	int rc = kb_credential_make(fd, dir, c, n, made, &n_made, &err);

	kb_buf_puts(&said, rc < 0 ? err.text : "");
	for (size_t i = 0; i < n_made; i++)
		kb_buf_printf(&said, "%s%s", i ? ", " : "", made[i]);
	*ret_said = kb_buf_steal(&said);
	return rc;
}

KB_TEST(secrets_are_letters_and_digits_and_never_the_same)
{
	kb_autobuf struct kb_buf a = KB_BUF_INIT, b = KB_BUF_INIT;
	size_t seen[256] = {0};

	assert_int_equal(kb_secret_make(62 * 400, &a, NULL), 0);
	assert_int_equal(kb_secret_make(32, &b, NULL), 0);
	assert_int_equal(a.len, 62 * 400);
	assert_int_equal(b.len, 32);
	assert_int_not_equal(memcmp(a.data, b.data, 32), 0);
	for (size_t i = 0; i < a.len; i++)
		seen[(unsigned char)a.data[i]]++;
	for (int i = 0; i < 256; i++) /* 400 expected, standard deviation 20 */
		if ((i >= '0' && i <= '9') || (i >= 'A' && i <= 'Z') || (i >= 'a' && i <= 'z'))
			assert_in_range(seen[i], 250, 550);
		else
			assert_int_equal(seen[i], 0);
}

/* The vectors are RFC 7677's password and PostgreSQL's own form. */
KB_TEST(verifiers_are_those_of_postgresql)
{
	static const char pencil[] = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
				     "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
				     "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
	uint8_t salt[KB_VERIFIER_SALT];
	kb_autobuf struct kb_buf out = KB_BUF_INIT;

	for (size_t i = 0; i < sizeof(salt); i++)
		salt[i] = (uint8_t)i;
	assert_int_equal(kb_verifier_make("keybuzz-test", salt, &out, NULL), 0);
	assert_string_equal(out.data, "SCRAM-SHA-256$4096:AAECAwQFBgcICQoLDA0ODw==$"
				      "l59mnrIvvGZV3jNxgm9hgdjN8vFt5Amz1+TqwXA9v4U=:"
				      "7JQMNZLkVsbHrFMh+M0a+JGGNt4gN6073Zwridpxr6Y=");
	assert_true(kb_verifier_fits(pencil, "pencil"));
	assert_false(kb_verifier_fits(pencil, "pencils"));
	assert_true(kb_verifier_fits("SCRAM-SHA-256$10000:AAAA$b:c", "anything")); /* not ours */
}

KB_TEST(credentials_are_made_once)
{
	kb_autofree char *first = NULL, *again = NULL, *made = NULL, *nothing = NULL;
	kb_autoclose int fd = -1;
	kb_autofree char *dir = new_dir(&fd);

	assert_int_equal(make(dir, fd, all, 3, &made), 0);
	assert_string_equal(made, "APP_PASS, APP_USER, APP_VERIFIER");
	first = content(dir, "postgres.env");
	assert_non_null(strstr(first, "\nAPP_USER=kb\nAPP_VERIFIER=SCRAM-SHA-256$4096:"));
	assert_int_equal(make(dir, fd, all, 3, &nothing), 0);
	assert_string_equal(nothing, "");
	again = content(dir, "postgres.env");
	assert_string_equal(first, again);
}

KB_TEST(what_an_operator_wrote_stays)
{
	kb_autofree char *text = NULL, *made = NULL;
	kb_autoclose int fd = -1;
	kb_autofree char *dir = new_dir(&fd);

	put(dir, "# ours\nAPP_USER='of us'\nOTHER=x\nAPP_PASS=0123456789");
	assert_int_equal(make(dir, fd, all, 3, &made), 0);
	assert_string_equal(made, "APP_VERIFIER");
	text = content(dir, "postgres.env");
	assert_int_equal(strncmp(text,
				 "# ours\nAPP_USER='of us'\nOTHER=x\nAPP_PASS=0123456789\n"
				 "APP_VERIFIER=SCRAM-SHA-256$4096:",
				 83),
			 0);
}

KB_TEST(a_verifier_brings_its_password)
{
	kb_autofree char *made = NULL, *later = NULL;
	kb_autoclose int fd = -1;
	kb_autofree char *dir = new_dir(&fd);

	assert_int_equal(make(dir, fd, some, 2, &made), 0);
	assert_string_equal(made, "APP_USER, APP_PASS, APP_VERIFIER");
	assert_int_equal(make(dir, fd, all, 3, &later), 0);
	assert_string_equal(later, "");
}

/* A new one beside the old other would lock the applications out. */
KB_TEST(a_verifier_and_its_password_stay_together)
{
	kb_autofree char *missing = NULL, *other = NULL;
	kb_autoclose int fd = -1;
	kb_autofree char *dir = new_dir(&fd);

	put(dir, "APP_VERIFIER=SCRAM-SHA-256$4096:AAECAwQFBgcICQoLDA0ODw==$a:b\n");
	assert_int_equal(make(dir, fd, all, 3, &missing), KB_E_INVALID);
	assert_non_null(strstr(missing, "has APP_VERIFIER and not its password APP_PASS"));
	put(dir, "APP_PASS=keybuzz-tests\n"
		 "APP_VERIFIER=SCRAM-SHA-256$4096:AAECAwQFBgcICQoLDA0ODw==$a:b\n");
	assert_int_equal(make(dir, fd, all, 3, &other), KB_E_INVALID);
	assert_non_null(strstr(other, "APP_VERIFIER is not of the password APP_PASS"));
	assert_null(strstr(other, "keybuzz-tests"));
}

static bool hand_out(int fd, const char *dir, const struct kb_credential *c, size_t n)
{
	bool changed = false;

	assert_int_equal(kb_credential_hand_out(fd, dir, "lb-01", c, n, &changed, NULL), 0);
	return changed;
}

KB_TEST(hosts_are_given_what_their_roles_name)
{
	kb_autofree char *first = NULL, *both = NULL, *changed = NULL;
	kb_autoclose int fd = -1;
	kb_autofree char *dir = new_dir(&fd);

	put(dir, "APP_PASS=0123456789\nAPP_USER=' a'\nOTHER=x\n");
	assert_true(hand_out(fd, dir, some, 1));
	first = content(dir, "hosts/lb-01/postgres.env");
	assert_string_equal(first, "APP_USER=' a'\n");
	assert_false(hand_out(fd, dir, some, 1));
	assert_true(hand_out(fd, dir, all, 1)); /* another role of the same host */
	both = content(dir, "hosts/lb-01/postgres.env");
	assert_string_equal(both, "APP_PASS=0123456789\nAPP_USER=' a'\n");
	put(dir, "APP_PASS=9876543210\nAPP_USER=\"it's\"\n");
	assert_true(hand_out(fd, dir, some, 1));
	changed = content(dir, "hosts/lb-01/postgres.env");
	assert_string_equal(changed, "APP_PASS=9876543210\nAPP_USER=it's\n");
}

KB_TEST(k4_credentials_that_others_can_read_are_not_added_to)
{
	kb_autofree char *why = NULL, *path = NULL;
	kb_autoclose int fd = -1;
	kb_autofree char *dir = new_dir(&fd);

	put(dir, "APP_PASS=0123456789\n");
	path = kb_format("%s/postgres.env", dir);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(make(dir, fd, all, 3, &why), KB_E_ENVIRONMENT);
	assert_non_null(strstr(why, "chmod 600"));
}
