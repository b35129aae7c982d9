/* builder/packages_lock.c, packages_older.c and packages_index.c: what is kept
 * of an answer, and what is made of it. */
#include "tests/unit/unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/packages_index.h"
#include "builder/packages_lock.h"
#include "builder/packages_older.h"
#include "core/file.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char good[] =
	"# a comment\n"
	"arch: x86_64\n"
	"releases:\n"
	"  debian-12:\n"
	"    inputs: " HEX_A "\n"
	"    suite: bookworm\n"
	"    mirror: \"http://m/debian\"\n"
	"    groups:\n"
	"      none: []\n"
	"    packages: []\n"
	"  debian-13:\n"
	"    inputs: " HEX_A "\n"
	"    suite: trixie\n"
	"    mirror: \"http://m/debian\"\n"
	"    security: \"http://m/debian-security\"\n"
	"    groups:\n"
	"      engine:\n"
	"        - docker.io\n"
	"      tools:\n"
	"        - jq\n"
	"        - libjq1\n"
	"    packages:\n"
	"      - docker.io 26.1.5+dfsg1-9 amd64 10 " HEX_A " pool/main/d/docker.io/d.deb\n"
	"      - jq 1.7.1-6 amd64 11 " HEX_A " security:pool/updates/main/j/jq/jq.deb\n"
	"      - libjq1 1:1.7~x all 12 " HEX_A " pool/main/j/jq/libjq1.deb\n";

static struct kb_site site_with(const char *text)
{
	static int number;
	struct kb_site site = {.dir = kb_format("%s/plock%d", kb_test_dir(), number++)};
	kb_autofree char *lock = kb_format("%s/lock", site.dir);
	kb_autofree char *file = kb_format("%s/" KB_PACKAGES_LOCK_FILE, site.dir);

	assert_int_equal(kb_mkdirs(lock, 0755, NULL), 0);
	if (text)
		assert_int_equal(kb_file_replace(file, text, strlen(text), 0644, NULL), 0);
	return site;
}

KB_TEST(a_packages_lock_is_written_as_it_was_read)
{
	struct kb_site site = site_with(good);
	kb_autofree char *dir = site.dir;
	kb_autopackageslock struct kb_packages_lock *lock = NULL;
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct kb_locked_release copy;
	struct kb_err err;

	(void)dir;
	if (kb_packages_lock_load(&site, &lock, &err) < 0)
		fail_msg("%s", err.text);
	kb_packages_lock_text(lock, &text);
	assert_string_equal(strstr(text.data, "arch:"), strstr(good, "arch:"));
	kb_locked_release_copy(kb_packages_lock_find(lock, "debian-13"), &copy);
	assert_int_equal(copy.groups[1].members.n, 2);
	assert_true(copy.entry.packages.v[1].security);
	kb_locked_release_free(&copy);
	assert_null(kb_packages_lock_find(lock, "debian-14"));
}

KB_TEST(a_packages_lock_that_was_edited_is_refused_at_its_place)
{
	static const struct {
		const char *old, *new, *place;
	} cases[] = {
		{"arch: x86_64\n", "", ":2:1: "},
		{"  debian-12:", "  debian-14:", ":11:3: "},
		{"    suite: trixie\n", "", ":12:5: "},
		{"suite: trixie", "suite: ../x", ":13:12: "},
		{"http://m/debian-security\"", "file:///etc\"", ":15:15: "},
		{"- jq\n        - libjq1\n", "- libjq1\n        - jq\n", ":19:7: "},
		{"- libjq1\n", "- libjq2\n", ":19:7: "},
		{"- libjq1\n", "- --purge\n", ":21:11: "},
		{"- docker.io 26", "- zz 26", ":24:9: "},
		{"    packages: []\n", "", ":5:5: "},
		{"    packages: []\n", "    packages: []\n    more: 1\n", ":11:5: "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *at = strstr(good, cases[i].old);
		kb_autofree char *text = kb_format("%.*s%s%s", (int)(at - good), good, cases[i].new,
						   at + strlen(cases[i].old));
		struct kb_site site = site_with(text);
		kb_autofree char *dir = site.dir;
		struct kb_packages_lock *lock = NULL;
		struct kb_err err;

		(void)dir;
		if (kb_packages_lock_load(&site, &lock, &err) != KB_E_INVALID ||
		    !strstr(err.text, cases[i].place))
			fail_msg("%s: %s", cases[i].new, lock ? "accepted" : err.text);
	}
}

KB_TEST(a_packages_lock_that_is_missing_names_the_verb)
{
	struct kb_site site = site_with(NULL);
	kb_autofree char *dir = site.dir;
	struct kb_packages_lock *lock;
	struct kb_err err;

	(void)dir;
	assert_int_equal(kb_packages_lock_load(&site, &lock, &err), KB_E_MISSING);
	assert_non_null(strstr(err.text, "keybuzz-bundle lock"));
}

/* ---- hosts of an earlier point release ---- */

static struct kb_debs debs_of(struct kb_deb *v, size_t n)
{
	return (struct kb_debs){v, n, n};
}

#define DEB(name_, version_)                                                                 \
	{                                                                                    \
		.name = (char *)(uintptr_t)(name_), .version = (char *)(uintptr_t)(version_) \
	}

KB_TEST(what_a_host_may_have_too_old_is_carried)
{
	static const char text[] =
		"Package: a\nDepends: libc6 (>= 2.38), gcc-base (= 14-1+deb13u1), x | tar (>= "
		"1)\n\n"
		"Package: b\nPre-Depends: libssl (>= 3.0), tar, libold (>= 2-1+deb13u2)\n\n"
		"Package: libgcc\nDepends: gcc-base (= 14-1+deb13u1), libc6 (>= 2.14)\n\n"
		"Package: libstdc\nDepends:\n gcc-base:any (= 14-1+deb13u1),\n libgcc (>= 4)\n\n"
		"Package: gcc-base\n\nPackage: libc6\n\nPackage: libssl\n\nPackage: tar\n\n"
		"Package: libold\n\nPackage: not-asked\nDepends: tar (= 9)\n";
	struct kb_deb all[] = {
		DEB("a", "1"),
		DEB("b", "1"),
		DEB("gcc-base", "14-1+deb13u1"),
		DEB("libc6", "2.41-12+deb13u4"),
		DEB("libgcc", "14-1+deb13u1"),
		DEB("libold", "2-1+deb13u2"),
		DEB("libssl", "3.5.7-1~deb13u3"),
		DEB("libstdc", "14-1+deb13u1"),
		DEB("tar", "1.35"),
	};
	const bool wanted[] = {true, true, true, false, true, true, true, true, false};
	struct kb_debs full = debs_of(all, 9), base = debs_of(all + 2, 7);
	bool carried[9] = {true, true};

	kb_packages_older_mark(text, sizeof(text) - 1, &full, &base, carried);
	for (size_t i = 0; i < 9; i++)
		if (carried[i] != wanted[i])
			fail_msg("%s is %scarried", all[i].name, carried[i] ? "" : "not ");
}

KB_TEST(relations_may_be_anything)
{
	static const char text[] =
		"Package: a\nDepends: , | (, b (, b (>=, b (= ), b (>= 1) x (= 2";
	struct kb_deb all[] = {DEB("a", "1"), DEB("b", "1+deb13u1")};
	struct kb_debs full = debs_of(all, 2), base = debs_of(all + 1, 1);

	for (size_t len = 0; len < sizeof(text); len++) {
		kb_autofree char *copy = kb_alloc(len, 1);
		bool carried[2] = {true, false};

		memcpy(copy, text, len);
		kb_packages_older_mark(copy, len, &full, &base, carried);
	}
}

/* ---- the index ---- */

static void add_member(struct archive *a, const char *name, const void *data, size_t len)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, (la_int64_t)len);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, len), (la_ssize_t)len);
	archive_entry_free(e);
}

/* A package file whose control.tar holds NAME with TEXT, into the store. */
static void put_deb(struct kb_store *store, const char *name, const char *text, struct kb_deb *deb)
{
	static char inner[65536], outer[131072];
	struct archive *a = archive_write_new();
	size_t inner_len = 0, outer_len = 0;

	archive_write_set_format_ustar(a);
	archive_write_add_filter_gzip(a);
	assert_int_equal(archive_write_open_memory(a, inner, sizeof(inner), &inner_len), 0);
	add_member(a, name, text, strlen(text));
	archive_write_close(a);
	archive_write_free(a);
	a = archive_write_new();
	archive_write_set_format_ar_svr4(a);
	assert_int_equal(archive_write_open_memory(a, outer, sizeof(outer), &outer_len), 0);
	add_member(a, "debian-binary", "2.0\n", 4);
	add_member(a, "control.tar.gz", inner, inner_len);
	add_member(a, "data.tar", "", 0);
	archive_write_close(a);
	archive_write_free(a);
	assert_int_equal(kb_store_put(store, outer, outer_len, &deb->sha256, NULL), 0);
	deb->size = outer_len;
}

static struct kb_store *new_store(void)
{
	static int number;
	kb_autofree char *dir = kb_format("%s/pstore%d", kb_test_dir(), number++);
	struct kb_store *store;

	assert_int_equal(kb_store_open(dir, &store, NULL), 0);
	return store;
}

KB_TEST(the_index_says_what_decides_an_installation)
{
	kb_autostore struct kb_store *store = new_store();
	kb_autobuf struct kb_buf one = KB_BUF_INIT, again = KB_BUF_INIT;
	struct kb_deb deb = {.name = (char *)(uintptr_t) "jq",
			     .version = (char *)(uintptr_t) "1.7",
			     .arch = (char *)(uintptr_t) "amd64"};
	kb_autofree char *wanted = NULL;
	struct kb_err err;

	put_deb(store, "./control",
		"Package: jq\nVersion: 1.7\nArchitecture: amd64\nMaintainer: someone\n"
		"Installed-Size: 12\nDepends: libjq1 (= 1.7),\n libc6 (>= 2)\nDescription: jq\n "
		"Depends: no\n",
		&deb);
	wanted = kb_format("Package: jq\nVersion: 1.7\nArchitecture: amd64\nInstalled-Size: 12\n"
			   "Depends: libjq1 (= 1.7), libc6 (>= 2)\nFilename: ./jq_amd64.deb\n"
			   "Size: %llu\nSHA256: %s\n\n",
			   (unsigned long long)deb.size, kb_digest_hex(&deb.sha256));
	assert_int_equal(kb_packages_index_add(store, &deb, &one, &err), 0);
	assert_string_equal(one.data, wanted);
	assert_int_equal(kb_packages_index_add(store, &deb, &again, &err), 0); /* derived */
	assert_string_equal(again.data, wanted);
}

KB_TEST(a_package_that_calls_itself_otherwise_is_damaged)
{
	static const struct {
		const char *name, *text, *word;
	} cases[] = {
		{"./control", "Package: jq\nVersion: 1.8\nArchitecture: amd64\n",
		 "another package"},
		{"./control", "Package: jj\nVersion: 1.7\nArchitecture: amd64\n",
		 "another package"},
		{"./control", "", "another package"},
		{"./postinst", "x", "no control file"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		kb_autostore struct kb_store *store = new_store();
		kb_autobuf struct kb_buf index = KB_BUF_INIT;
		struct kb_deb deb = {.name = (char *)(uintptr_t) "jq",
				     .version = (char *)(uintptr_t) "1.7",
				     .arch = (char *)(uintptr_t) "amd64"};
		struct kb_err err;

		put_deb(store, cases[i].name, cases[i].text, &deb);
		assert_int_equal(kb_packages_index_add(store, &deb, &index, &err), KB_E_DAMAGED);
		assert_non_null(strstr(err.text, cases[i].word));
		assert_int_equal(index.len, 0);
	}
}
