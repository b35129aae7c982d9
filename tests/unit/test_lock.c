#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/image_record.h"
#include "builder/lock_change.h"
#include "builder/lock_entry.h"
#include "core/file.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char good[] =
	"# words\n"
	"arch: x86_64\n"
	"images:\n"
	"  cache:\n"
	"    inputs: " HEX_A "\n"
	"    debian:\n"
	"      suite: trixie\n"
	"      mirror: \"http://mirror.example/debian\"\n"
	"      security: \"http://mirror.example/debian-security\"\n"
	"      base:\n"
	"        - base-files 13.8+deb13u7 amd64 88296 " HEX_A
	" pool/main/b/base-files_13.8_amd64.deb\n"
	"        - bsdutils 1:2.41-5~x amd64 110208 " HEX_B
	" pool/main/u/bsdutils_2.41-5~x_amd64.deb\n"
	"      packages:\n"
	"        - redis 5:8.0.2 amd64 1 " HEX_B " security:pool/updates/main/r/redis_8_amd64.deb\n"
	"  file:\n"
	"    inputs: " HEX_A "\n"
	"    archive:\n"
	"      path: \"images/a \\\"b\\\".tar\"\n"
	"      sha256: " HEX_B "\n"
	"      image: " HEX_A "\n"
	"  web:\n"
	"    inputs: " HEX_B "\n"
	"    registry:\n"
	"      reference: \"127.0.0.1:5000/web:1.2\"\n"
	"      index: " HEX_A "\n"
	"      manifest: " HEX_B "\n"
	"      image: " HEX_A "\n";

/* A site of nothing but a lock with TEXT. */
static struct kb_site site_with(const char *text)
{
	static unsigned number;
	struct kb_site site = {.arch = (char *)"x86_64"};
	kb_autofree char *dir = NULL, *file = NULL;
	struct kb_err err;

	site.dir = kb_format("%s/lock-%u", kb_test_dir(), number++);
	dir = kb_format("%s/lock", site.dir);
	file = kb_format("%s/" KB_LOCK_FILE, site.dir);
	assert_int_equal(kb_mkdirs(dir, 0755, &err), 0);
	if (text)
		assert_int_equal(kb_file_replace(file, text, strlen(text), 0644, &err), 0);
	return site;
}

static char *replaced(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);

	assert_non_null(at);
	return kb_format("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

KB_TEST(lock_that_is_read_is_written_with_the_same_bytes)
{
	struct kb_site site = site_with(good);
	kb_autofree char *dir = site.dir;
	kb_autolock struct kb_lock *lock = NULL;
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	const struct kb_lock_entry *e;
	struct kb_err err;

	(void)dir;
	if (kb_lock_load(&site, &lock, &err) < 0)
		fail_msg("%s", err.text);
	e = kb_lock_find(lock, "cache");
	assert_int_equal(e->base.n, 2);
	assert_true(e->packages.v[0].security);
	assert_string_equal(e->packages.v[0].path, "pool/updates/main/r/redis_8_amd64.deb");
	assert_string_equal(kb_lock_find(lock, "file")->reference, "images/a \"b\".tar");
	kb_lock_text(lock, &text);
	/* but for the comment */
	assert_string_equal(strstr(text.data, "arch:"), strstr(good, "arch:"));
}

KB_TEST(lock_that_is_missing_names_the_verb)
{
	struct kb_site site = site_with(NULL);
	kb_autofree char *dir = site.dir;
	struct kb_lock *lock;
	struct kb_err err;

	(void)dir;
	assert_int_equal(kb_lock_load(&site, &lock, &err), KB_E_MISSING);
	assert_non_null(strstr(err.text, "keybuzz-bundle lock"));
}

KB_TEST(lock_that_was_edited_is_refused_at_its_place)
{
	static const struct {
		const char *old, *new, *place;
	} cases[] = {
		{"arch: x86_64\n", "", ":2:1: "},
		{"  cache:", "  zcache:", ":15:3: "},
		{"inputs: " HEX_A, "inputs: abc", ":5:13: "},
		{"    debian:", "    debain:", ":5:5: "},
		{"suite: trixie", "suite: ../x", ":7:14: "},
		{"http://mirror.example/debian\"", "file:///etc\"", ":8:15: "},
		{"http://mirror.example/debian\"", "http://m/ x\"", ":8:15: "},
		{"base-files 13", "zz 13", ":12:11: "},
		{"base-files 13", "../base 13", ":11:11: "},
		{" 88296 ", " -1 ", ":11:11: "},
		{" 88296 ", " 99999999999999999999 ", ":11:11: "},
		{" 88296 ", " ", ":11:11: "},
		{HEX_B " pool", HEX_B " ../pool", ":12:11: "},
		{HEX_B " pool", HEX_B " /pool", ":12:11: "},
		{HEX_B " pool", "ABC pool", ":12:11: "},
		{"security:pool", "other: pool", ""},
		{"      sha256: " HEX_B "\n", "", ":18:7: "},
		{"images/a ", "../a ", ":18:13: "},
		{"      manifest: " HEX_B "\n", "", ":24:7: "},
		{"      image: " HEX_A "\n", "      image: " HEX_A "\n      image: " HEX_A "\n",
		 ":21:7: "},
		{"    archive:", "    oci: {}\n    archive:", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		kb_autofree char *text = replaced(good, cases[i].old, cases[i].new);
		struct kb_site site = site_with(text);
		kb_autofree char *dir = site.dir;
		struct kb_lock *lock = NULL;
		struct kb_err err;

		(void)dir;
		if (kb_lock_load(&site, &lock, &err) != KB_E_INVALID ||
		    !strstr(err.text, cases[i].place))
			fail_msg("%s: %s", cases[i].new, lock ? "accepted" : err.text);
	}
}

static char *words[] = {(char *)"redis", (char *)"adduser"};
static char *sorted[] = {(char *)"adduser", (char *)"redis"};

static struct kb_image_source recipe(void)
{
	return (struct kb_image_source){
		.name = (char *)"cache",
		.tag = (char *)"",
		.kind = KB_SOURCE_DEBIAN,
		.suite = (char *)"trixie",
		.mirror = (char *)"http://mirror.example/debian",
		.packages = {words, 2},
		.user = (char *)"",
		.workdir = (char *)"",
		.pos = {"images.yaml", 3, 5},
	};
}

static bool same_inputs(const struct kb_image_source *a, const struct kb_image_source *b)
{
	struct kb_digest x, y;

	kb_lock_inputs(a, "x86_64", &x);
	kb_lock_inputs(b, "x86_64", &y);
	return kb_digest_eq(&x, &y);
}

KB_TEST(inputs_are_what_resolution_depends_on)
{
	struct kb_image_source a = recipe(), b = recipe();
	struct kb_digest x, y;

	b.packages.v = sorted;
	b.user = (char *)"1:1";
	assert_true(same_inputs(&a, &b));
	b.suite = (char *)"forky";
	assert_false(same_inputs(&a, &b));
	b = recipe();
	b.mirror = (char *)"http://other.example/debian";
	assert_false(same_inputs(&a, &b));
	b = recipe();
	b.packages.n = 1;
	assert_false(same_inputs(&a, &b));
	b = recipe();
	b.base = b.packages;
	b.packages.n = 0;
	assert_false(same_inputs(&a, &b));
	kb_lock_inputs(&a, "x86_64", &x);
	kb_lock_inputs(&a, "aarch64", &y);
	assert_false(kb_digest_eq(&x, &y));
}

KB_TEST(record_key_is_what_the_image_depends_on)
{
	struct kb_site site = site_with(good);
	kb_autofree char *dir = site.dir;
	kb_autolock struct kb_lock *lock = NULL;
	struct kb_image_source a = recipe(), b = recipe();
	const struct kb_lock_entry *e;
	struct kb_digest x, y;
	struct kb_err err;

	(void)dir;
	assert_int_equal(kb_lock_load(&site, &lock, &err), 0);
	e = kb_lock_find(lock, "cache");
	kb_image_record_key(e, &a, "x86_64", &x);
	b.tag = (char *)"keybuzz/cache:1";
	kb_image_record_key(e, &b, "x86_64", &y);
	assert_true(kb_digest_eq(&x, &y));
	b.user = (char *)"1:1";
	kb_image_record_key(e, &b, "x86_64", &y);
	assert_false(kb_digest_eq(&x, &y));
	b = recipe();
	b.cmd.v = words;
	b.cmd.n = 1;
	kb_image_record_key(e, &b, "x86_64", &y);
	assert_false(kb_digest_eq(&x, &y));
	((struct kb_lock_entry *)e)->base.v[0].sha256.b[0] ^= 1;
	kb_image_record_key(e, &a, "x86_64", &y);
	assert_false(kb_digest_eq(&x, &y));
}

KB_TEST(stale_and_unknown_entries_are_all_reported)
{
	struct kb_site site = site_with(good);
	kb_autofree char *dir = site.dir;
	kb_autolock struct kb_lock *lock = NULL;
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	struct kb_image_source images[] = {recipe(), recipe()};
	struct kb_err err;

	(void)dir;
	images[1].name = (char *)"newcomer";
	images[1].pos.line = 9;
	site.images = images;
	site.n_images = 2;
	assert_int_equal(kb_lock_load(&site, &lock, &err), 0);
	assert_int_equal(kb_lock_compare(lock, &site, &diag, &err), KB_E_INVALID);
	assert_int_equal(kb_diag_count(&diag), 4); /* stale, not locked, two unknown */
	assert_string_equal(diag.items[0].file, "images.yaml");
	assert_int_equal(diag.items[0].line, 3);
	assert_non_null(strstr(diag.items[0].text, "changed after it was locked"));
	assert_int_equal(diag.items[1].line, 9);
	assert_non_null(strstr(diag.items[1].text, "newcomer is not locked"));
}

/* One change of a recipe, and what is said of it. */
static void expect_change(const struct kb_lock *lock, const struct kb_image_source *source,
			  const char *wanted)
{
	kb_autofree char *text = kb_lock_change(source, kb_lock_find(lock, source->name));

	assert_string_equal(text, wanted);
}

KB_TEST(what_changed_after_locking_is_named)
{
	struct kb_site site = site_with(good);
	kb_autofree char *dir = site.dir;
	kb_autolock struct kb_lock *lock = NULL;
	struct kb_image_source a = recipe();
	struct kb_err err;

	(void)dir;
	assert_int_equal(kb_lock_load(&site, &lock, &err), 0);
	expect_change(lock, &a, ": package adduser is new");
	a.packages.n = 1;
	expect_change(lock, &a, "");
	a.base.v = words + 1;
	a.base.n = 1;
	expect_change(lock, &a, ": package adduser is new");
	a.mirror = (char *)"http://other.example/debian";
	expect_change(lock, &a,
		      ": mirror is http://other.example/debian, locked is "
		      "http://mirror.example/debian");
	a.suite = (char *)"forky";
	expect_change(lock, &a, ": suite is forky, locked is trixie");
	a = (struct kb_image_source){.name = (char *)"web",
				     .kind = KB_SOURCE_REGISTRY,
				     .reference = (char *)"127.0.0.1:5000/web:1.3"};
	expect_change(lock, &a,
		      ": reference is 127.0.0.1:5000/web:1.3, locked is 127.0.0.1:5000/web:1.2");
	a = (struct kb_image_source){.name = (char *)"file",
				     .kind = KB_SOURCE_ARCHIVE,
				     .reference = (char *)"images/a \"b\".tar",
				     .sha256 = (char *)HEX_A};
	expect_change(lock, &a, ": sha256 is " HEX_A ", locked is " HEX_B);
	a.kind = KB_SOURCE_OCI;
	expect_change(lock, &a, ": it has another kind of source");
}

KB_TEST(image_record_comes_back_and_a_damaged_one_is_refused)
{
	kb_autofree char *dir = kb_format("%s/records", kb_test_dir());
	kb_autostore struct kb_store *store = NULL;
	struct kb_digest key, layers[] = {{{1}}, {{2}}};
	uint64_t sizes[] = {10, UINT64_C(5000000000)};
	struct kb_image_content in = {.origin = (char *)"debian trixie",
				      .config = {{3}},
				      .layers = layers,
				      .sizes = sizes,
				      .n_layers = 2};
	struct kb_image_content out = {0};
	static const char *const bad[] = {
		"",
		"keybuzz image 1\n",
		"keybuzz image 2\norigin x\n",
		"keybuzz image 1\norigin x\nconfig " HEX_A "\n",
		"keybuzz image 1\norigin x\nconfig " HEX_A "\nlayer " HEX_B " x\n",
		"keybuzz image 1\norigin x\nconfig " HEX_A "\nlayer " HEX_B " 1\nmore\n"};
	struct kb_err err;

	assert_int_equal(kb_store_open(dir, &store, &err), 0);
	kb_digest_of("key", 3, &key);
	assert_int_equal(kb_image_record_put(store, &key, &in, &err), 0);
	assert_int_equal(kb_image_record_get(store, &key, &out, &err), 0);
	assert_string_equal(out.origin, in.origin);
	assert_int_equal(out.n_layers, 2);
	assert_true(kb_digest_eq(&out.layers[1], &layers[1]));
	assert_true(out.sizes[1] == sizes[1]);
	kb_image_content_free(&out);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(kb_store_derived_put(store, &key, bad[i], strlen(bad[i]), &err),
				 0);
		assert_int_equal(kb_image_record_get(store, &key, &out, &err), KB_E_DAMAGED);
	}
}
