/* core/packages.c and stub/packages_*.c: the texts of dpkg and apt, which may
 * be anything, and what is made of them. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "core/manifest.h"
#include "core/mem.h"
#include "core/packages.h"
#include "stub/packages.h"

KB_TEST(paragraphs_are_taken_one_by_one)
{
	static const char text[] = "\n \nA: one\nB:  two \n\n\nA: three\n more\n\tyet\nc:";
	const char *at = text, *end = text + sizeof(text) - 1, *value;
	struct kb_control p;
	size_t len;

	assert_true(kb_control_next(&at, end, &p));
	assert_true(kb_control_field(&p, "a", &value, &len));
	assert_memory_equal(value, "one", len);
	assert_true(kb_control_field(&p, "B", &value, &len));
	assert_int_equal(len, 3);
	assert_false(kb_control_field(&p, "C", &value, &len));
	assert_true(kb_control_next(&at, end, &p));
	assert_true(kb_control_field(&p, "A", &value, &len));
	assert_int_equal(len, strlen("three\n more\n\tyet"));
	assert_true(kb_control_field(&p, "C", &value, &len));
	assert_int_equal(len, 0);
	assert_false(kb_control_next(&at, end, &p));
}

/* The list of deb-version(7) and of dpkg's own tests. */
KB_TEST(versions_have_the_order_of_dpkg)
{
	static const struct {
		const char *a, *b;
		int order;
	} cases[] = {
		{"1.0", "1.0", 0},
		{"1.0", "1.0-0", 0},
		{"0:1.0", "1.0", 0},
		{"1:1.0", "2.0", 1},
		{"1.0~rc1", "1.0", -1},
		{"1.0~", "1.0~~", 1},
		{"1.0~~a", "1.0~~", 1},
		{"1.9", "1.10", -1},
		{"1.010", "1.10", 0},
		{"1.0a", "1.0+", -1},
		{"1.0a", "1.0.1", -1},
		{"1.7.1-6", "1.7.1-6+deb13u4", -1},
		{"2.9.0-1~deb13u1", "2.9.0-1", -1},
		{"1.6.20~ds1-1+b1", "1.6.20~ds1-1+deb12u3", -1},
		{"1-2-3", "1-2-10", -1},
		{"1.0-a-1", "1.0-b-1", -1},
		{"2:1.02.185-2", "2:1.02.185-2", 0},
		{"99999999999999999999", "100000000000000000000", -1},
		{"", "0", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int there = kb_debversion_cmp(cases[i].a, cases[i].b);
		int back = kb_debversion_cmp(cases[i].b, cases[i].a);

		if (there != cases[i].order || back != -cases[i].order)
			fail_msg("%s <> %s: %d and %d", cases[i].a, cases[i].b, there, back);
	}
}

#define JQ "Package: jq\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.7.1-6\n\n"

static int parse(const char *text, const char *arch, struct kb_dpkg *db, struct kb_err *err)
{
	return kb_dpkg_parse(text, strlen(text), arch, db, err);
}

KB_TEST(the_status_file_says_what_is_installed)
{
	static const char text[] =
		JQ "Package: old\nStatus: deinstall ok config-files\nArchitecture: all\n"
		   "Version: 1\n\n"
		   "Package: other\nStatus: install ok installed\nArchitecture: i386\n"
		   "Version: 1\n\n"
		   "Package: twice\nStatus: deinstall ok config-files\nArchitecture: all\n"
		   "Version: 3\n\n"
		   "Package: twice\nStatus: install ok installed\nArchitecture: amd64\n"
		   "Version: 2\n";
	kb_autodpkg struct kb_dpkg db = {.n = 0};

	assert_int_equal(parse(text, "amd64", &db, NULL), 0);
	assert_null(db.unfinished);
	assert_true(kb_dpkg_has(&db, "jq", "1.7.1-6"));
	assert_true(kb_dpkg_has(&db, "jq", "1.6"));
	assert_false(kb_dpkg_has(&db, "jq", "1.7.1-6+deb13u4"));
	assert_false(kb_dpkg_has(&db, "old", "1"));
	assert_false(kb_dpkg_has(&db, "other", "1"));
	assert_true(kb_dpkg_has(&db, "twice", "2"));
	assert_false(kb_dpkg_has(&db, "twice", "3"));
	assert_false(kb_dpkg_has(&db, "j", "0"));
}

/* H34: what dpkg was doing when it was stopped. */
KB_TEST(an_interrupted_dpkg_is_seen)
{
	static const char *const states[] = {
		"install ok unpacked",         "install ok half-configured",
		"install ok half-installed",   "install ok triggers-pending",
		"install ok triggers-awaited", "deinstall ok half-configured",
		"install reinstreq installed", "install reinstreq half-installed",
	};
	static const char *const fine[] = {"install ok installed", "hold ok installed",
					   "deinstall ok config-files", "purge ok not-installed",
					   "unknown ok not-installed"};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		kb_autofree char *text = kb_format(
			JQ "Package: x\nStatus: %s\nArchitecture: i386\nVersion: 1\n", states[i]);
		kb_autodpkg struct kb_dpkg db = {.n = 0};

		assert_int_equal(parse(text, "amd64", &db, NULL), 0);
		assert_string_equal(db.unfinished, "x");
		assert_false(kb_dpkg_has(&db, "x", "1"));
	}
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		kb_autofree char *text = kb_format("Package: x\nStatus: %s\nVersion: 1\n", fine[i]);
		kb_autodpkg struct kb_dpkg db = {.n = 0};

		assert_int_equal(parse(text, NULL, &db, NULL), 0);
		assert_null(db.unfinished);
	}
}

KB_TEST(what_is_no_status_file_is_refused)
{
	static const char *const texts[] = {"Status: install ok installed\n", "Package: x\n",
					    "Package: x\nStatus: installed\n",
					    "Package:\nStatus: install ok installed\n", "garbage"};
	struct kb_dpkg db;
	struct kb_err err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse(texts[i], NULL, &db, &err), KB_E_DEPENDENCY);
	assert_int_equal(kb_dpkg_parse("Package: x\0", 11, NULL, &db, &err), KB_E_DEPENDENCY);
	assert_non_null(strstr(err.text, "a zero byte"));
}

/* Every cut of a good file is either read or refused, and nothing else. */
KB_TEST(a_status_file_may_end_anywhere)
{
	static const char text[] = JQ JQ;

	for (size_t len = 0; len < sizeof(text); len++) {
		kb_autofree char *copy = kb_alloc(len, 1); /* no byte behind it */
		struct kb_dpkg db = {.n = 0};

		memcpy(copy, text, len);
		if (kb_dpkg_parse(copy, len, "amd64", &db, NULL) == 0)
			kb_dpkg_free(&db);
	}
}

static int open_dpkg(const char *name, int *ret_fd)
{
	kb_autofree char *dir = kb_format("%s/%s", kb_test_dir(), name);
	kb_autofree char *updates = kb_format("%s/var/lib/dpkg/updates", dir);

	assert_int_equal(kb_mkdirs(updates, 0755, NULL), 0);
	*ret_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(*ret_fd >= 0);
	return *ret_fd;
}

static void put(int rootfd, const char *path, const char *text)
{
	kb_autofree char *full = kb_format("/proc/self/fd/%d/%s", rootfd, path);

	assert_int_equal(kb_file_replace(full, text, strlen(text), 0644, NULL), 0);
}

KB_TEST(dpkgs_journal_counts_as_unfinished)
{
	kb_autodpkg struct kb_dpkg db = {.n = 0};
	kb_autoclose int root = -1;
	struct kb_err err;

	open_dpkg("updates", &root);
	assert_int_equal(kb_dpkg_read(root, "amd64", &db, &err), KB_E_MISSING);
	put(root, "var/lib/dpkg/status", JQ);
	assert_int_equal(kb_dpkg_read(root, "amd64", &db, &err), 0);
	assert_null(db.unfinished);
	kb_dpkg_free(&db);
	put(root, "var/lib/dpkg/updates/0003", "Package: jq\n");
	assert_int_equal(kb_dpkg_read(root, "amd64", &db, &err), 0);
	assert_string_equal(db.unfinished, "a change");
}

KB_TEST(a_lock_held_by_another_is_busy)
{
	kb_autoclose int root = -1;
	struct kb_err err;
	int ready[2], done[2];
	pid_t pid;

	open_dpkg("locks", &root);
	assert_int_equal(kb_dpkg_check_lock(root, &err), 0); /* no such files */
	put(root, "var/lib/dpkg/lock-frontend", "");
	put(root, "var/lib/dpkg/lock", "");
	assert_int_equal(kb_dpkg_check_lock(root, &err), 0);
	assert_int_equal(pipe(ready) | pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int fd = openat(root, "var/lib/dpkg/lock", O_RDWR);
		char byte = (char)fcntl(fd, F_SETLK, &lock);

		close(done[1]);
		byte = write(ready[1], &byte, 1) == 1 ? byte : 1;
		byte = read(done[0], &byte, 1) == 0 ? byte : 1;
		_exit(0);
	}
	assert_int_equal(read(ready[0], &(char){0}, 1), 1);
	assert_int_equal(kb_dpkg_check_lock(root, &err), KB_E_BUSY);
	assert_non_null(strstr(err.text, "/var/lib/dpkg/lock)"));
	for (int i = 0; i < 2; i++)
		close(done[i]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(kb_dpkg_check_lock(root, &err), 0);
	for (int i = 0; i < 2; i++)
		close(ready[i]);
}

/* ---- what apt-get says ---- */

static int judge(const char *text, struct kb_err *err)
{
	const struct kb_package jq = {.name = (char *)(uintptr_t) "jq",
				      .version = (char *)(uintptr_t) "1.7.1-6"};
	const struct kb_package *carried[] = {&jq};
	const struct kb_package_plan plan = {.carried = carried, .n_carried = 1};

	return kb_packages_judge(&plan, text, err);
}

KB_TEST(only_what_is_carried_may_be_installed)
{
	struct kb_err err;

	assert_int_equal(judge("Reading package lists...\n"
			       "Inst jq (1.7.1-6 localhost [amd64])\nConf jq (1.7.1-6 [amd64])\n",
			       &err),
			 0);
	assert_int_equal(judge("Inst jq:amd64 [1.6] (1.7.1-6 localhost [amd64]) []\n", &err), 0);
	assert_int_equal(judge("", &err), 0);
	assert_int_equal(judge("Inst jq (1.8 Debian:13 [amd64])\n", &err), KB_E_DEPENDENCY);
	assert_int_equal(judge("Inst evil (1.7.1-6 localhost [amd64])\n", &err), KB_E_DEPENDENCY);
	assert_non_null(strstr(err.text, "evil"));
	assert_int_equal(judge("Inst jq\n", &err), KB_E_DEPENDENCY);
	assert_int_equal(judge("Remv nginx [1.26]\nInst jq (1.7.1-6 [amd64])\n", &err),
			 KB_E_DEPENDENCY);
	assert_non_null(strstr(err.text, "remove nginx [1.26]"));
}

KB_TEST(only_what_is_named_may_be_removed)
{
	const char *removable[] = {"ntpsec"};
	const struct kb_package_plan plan = {.removable = removable, .n_removable = 1};
	struct kb_err err;

	assert_int_equal(kb_packages_judge(&plan, "Remv ntpsec [1.2]\n", &err), 0);
	assert_int_equal(kb_packages_judge(&plan, "Remv ntpsec:amd64 [1.2]\n", &err), 0);
	assert_int_equal(kb_packages_judge(&plan, "Remv ntpsec-doc [1.2]\n", &err),
			 KB_E_DEPENDENCY);
	assert_int_equal(kb_packages_judge(&plan, "Remv ntp [1.2]\n", &err), KB_E_DEPENDENCY);
	assert_int_equal(kb_packages_judge(&plan, "Remv ntpsec [1.2]\nRemv jq [1]\n", &err),
			 KB_E_DEPENDENCY);
}

KB_TEST(a_refusal_is_told_in_apts_words)
{
	char why[256];

	kb_packages_reason("Reading..\nThe following packages have unmet dependencies:\n"
			   " jq : Depends: libjq1 (= 1.7.1-6) but 99 is to be installed\n"
			   "E: Unable to correct problems, you have held broken packages.\n",
			   why, sizeof(why));
	assert_string_equal(why, "jq : Depends: libjq1 (= 1.7.1-6) but 99 is to be installed; "
				 "E: Unable to correct problems, you have held broken packages.");
	kb_packages_reason("", why, sizeof(why));
	assert_string_equal(why, "it said nothing");
	kb_packages_reason("one\n\n two\n\n", why, sizeof(why));
	assert_string_equal(why, "two");
	kb_packages_reason("E: a very long reason\nE: another\n", why, 12);
	assert_true(strlen(why) < 12);
}
