#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "builder/sbom_deb.h"
#include "builder/sbom_licence.h"
#include "builder/sbom_packages.h"
#include "builder/sums_stock.h"
#include "core/tar.h"

#define HEAD "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"

/* NULL: not machine-readable. */
static void licence_is(const char *line, const char *expected)
{
	kb_autofree char *text =
		kb_format(HEAD "\nFiles: *\nCopyright: x\nLicense: %s\n text\n", line);
	kb_autofree char *got = kb_sbom_licence_debian(text, strlen(text));

	assert_string_equal(got ? got : "none", expected ? expected : "none");
}

KB_TEST(licence_names_of_debian_become_those_of_spdx)
{
	licence_is("Expat", "MIT");
	licence_is("GPL-2+", "GPL-2.0-or-later");
	licence_is("GPL-2", "GPL-2.0-only");
	licence_is("LGPL-2.1+", "LGPL-2.1-or-later");
	licence_is("GPL-3.0-or-later", "GPL-3.0-or-later");
	licence_is("GFDL-1.3", "GFDL-1.3-only");
	licence_is("BSD-3-clause", "BSD-3-Clause");
	licence_is("apache-2.0", "Apache-2.0");
	licence_is("GPL-4", "LicenseRef-GPL-4");
	licence_is("GPL-2.5+", "LicenseRef-GPL-2.5-or-later");
	licence_is("public-domain", "LicenseRef-public-domain");
	licence_is("GPL-2+ with OpenSSL exception",
		   "LicenseRef-GPL-2-or-later-with-OpenSSL-exception");
}

KB_TEST(licence_operators_keep_their_meaning)
{
	licence_is("GPL-2+ or Artistic", "GPL-2.0-or-later OR Artistic-1.0-Perl");
	licence_is("GPL-1+ or Artistic, and BSD-3-clause",
		   "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND BSD-3-Clause");
	licence_is("Expat and ISC", "ISC AND MIT");
	licence_is("Expat and ISC, and Expat", "ISC AND MIT");
	licence_is("Expat and ISC, or Zlib", "MIT AND ISC OR Zlib");
	licence_is("Expat, ISC, or Zlib", NULL);
	licence_is("or", NULL);
	licence_is("Expat or", NULL);
	licence_is("", NULL);
	licence_is("---", NULL);
}

KB_TEST(licences_of_all_files_are_joined)
{
	static const char text[] =
		HEAD "Upstream-Name: x\nLicense: Expat\n"
		     "\n"
		     "Files: *\nCopyright: a\nLicense: GPL-2+ or Artistic\n"
		     "\n \n"
		     "Files: b\n c\nCopyright: d\nLicense: ISC\n permission\n .\n more\n"
		     "\n"
		     "Files: e\nCopyright: f\nLicense: ISC\n"
		     "\n"
		     "License: WTFPL\n never mind: no file refers to it\n";
	kb_autofree char *got = kb_sbom_licence_debian(text, strlen(text));

	assert_string_equal(got, "(GPL-2.0-or-later OR Artistic-1.0-Perl) AND ISC AND MIT");
}

/* Of the package as a whole, in its own words: the files' names stand. */
KB_TEST(licence_text_of_the_header_says_less_than_the_files)
{
	static const char text[] = HEAD "License:\n free\n\nFiles: *\nLicense: ISC\n";
	kb_autofree char *got = kb_sbom_licence_debian(text, strlen(text));

	assert_string_equal(got, "ISC");
}

KB_TEST(licence_of_other_texts_is_not_guessed)
{
	static const char *const texts[] = {
		"",
		"Format",
		"It is licensed under the GPL.\n",
		HEAD,
		HEAD "\nFiles: *\nCopyright: nobody\n",
		"\n" HEAD "\nFiles: *\nLicense: Expat\n",
		HEAD "\nFiles: *\nLicense: Expat\n\nFiles: b\nLicense: Expat, ISC, Zlib\n",
		HEAD "\nFiles: *\nLicense: Expat\n\nFiles: b\nLicense:\n all of these words\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(kb_sbom_licence_debian(texts[i], strlen(texts[i])));
	assert_null(kb_sbom_licence_debian(HEAD "\0\nLicense: Expat\n", sizeof(HEAD) + 18));
}

KB_TEST(licence_survives_every_byte_changed)
{
	static const char text[] = HEAD "\nFiles: *\nLicense: GPL-2+ or Artistic, and X\n";
	char copy[sizeof(text)];

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		for (unsigned c = 0; c < 256; c++) {
			memcpy(copy, text, sizeof(text));
			copy[i] = (char)c;
			free(kb_sbom_licence_debian(copy, i % 7 ? sizeof(text) - 1 : i));
		}
}

static void apk_is(const char *line, const char *expected)
{
	kb_autofree char *got = kb_sbom_licence_apk(line);

	assert_string_equal(got ? got : "none", expected ? expected : "none");
}

KB_TEST(licence_of_apk_is_an_expression_or_nothing)
{
	apk_is("MIT", "MIT");
	apk_is("GPL-2.0-only", "GPL-2.0-only");
	apk_is("MPL-2.0 AND MIT", "MPL-2.0 AND MIT");
	apk_is("(GPL-2.0-or-later OR MIT) AND ISC", "(GPL-2.0-or-later OR MIT) AND ISC");
	apk_is("GPL2", "LicenseRef-GPL2");
	apk_is("MIT BSD", NULL);
	apk_is("GPL-2.0-or-later WITH GCC-exception-3.1", NULL);
	apk_is("MIT AND", NULL);
	apk_is("AND MIT", NULL);
	apk_is("(MIT", NULL);
	apk_is("MIT)", NULL);
	apk_is("()", NULL);
	apk_is("", NULL);
}

KB_TEST(package_urls_are_encoded)
{
	struct kb_components list = {0};
	kb_autofree char *purl = NULL;

	kb_components_add(&list, "deb", "debian", "debian-13", "libstdc++6", "1:14.2.0~rc1+b2",
			  "amd64");
	purl = kb_component_purl(&list.v[0]);
	assert_string_equal(purl, "pkg:deb/debian/libstdc%2B%2B6@1%3A14.2.0~rc1%2Bb2"
				  "?arch=amd64&distro=debian-13");
	kb_components_free(&list);
}

KB_TEST(databases_of_packages_are_read_as_they_are)
{
	struct kb_sbom_root root = {.os_id = (char *)(uintptr_t) "debian"};
	struct kb_components list = {0};

	kb_buf_puts(&root.dpkg, "Package: a\nStatus: install ok installed\nVersion: 1\n"
				"Architecture: all\nDescription: x\n Package: no\n\n\n"
				"Package: gone\nStatus: deinstall ok config-files\nVersion: 2\n"
				"Architecture: all\n\n"
				"Package: bare\nVersion: 3\nArchitecture: amd64\n\n"
				"Package: half\nVersion: 4\n\nrubbish");
	kb_buf_puts(&root.apk, "C:Q1x\nP:musl\nV:1.2\nA:x86_64\nL:MIT\n");
	kb_components_of_root(&root, &list);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.v[0].name, "a");
	assert_string_equal(list.v[1].name, "bare");
	assert_string_equal(list.v[1].distro, "debian");
	assert_string_equal(list.v[2].name, "musl");
	assert_string_equal(list.v[2].licence, "MIT");
	kb_components_free(&list);
	kb_buf_free(&root.dpkg);
	kb_buf_free(&root.apk);
}

/* ---- package files ---- */

static int into(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	(void)err;
	kb_buf_add(ctx, data, len);
	return 0;
}

static void add_ar_member(struct kb_buf *ar, const char *name, const struct kb_buf *content)
{
	kb_buf_printf(ar, "%-16s%-12d%-6d%-6d%-8d%-10zu`\n", name, 0, 0, 0, 100644, content->len);
	kb_buf_add(ar, content->data, content->len);
	kb_buf_puts(ar, content->len % 2 ? "\n" : "");
}

/* A .deb with one file in it, in the store. */
static void put_deb(struct kb_store *store, const char *path, const char *text,
		    struct kb_digest *digest)
{
	kb_autobuf struct kb_buf ar = KB_BUF_INIT, version = KB_BUF_INIT, data = KB_BUF_INIT;
	struct kb_tar_writer *w = kb_tar_writer_new(into, &data, 1000);
	struct kb_err err;

	assert_int_equal(kb_tar_whole(w, path, 0644, text, strlen(text), &err), 0);
	assert_int_equal(kb_tar_end(w, &err), 0);
	kb_tar_writer_free(w);
	kb_buf_puts(&version, "2.0\n");
	kb_buf_puts(&ar, "!<arch>\n");
	add_ar_member(&ar, "debian-binary", &version);
	add_ar_member(&ar, "data.tar", &data);
	assert_int_equal(kb_store_put(store, ar.data, ar.len, digest, &err), 0);
}

static struct kb_store *open_store(void)
{
	kb_autofree char *dir = kb_format("%s/sbom-store", kb_test_dir());
	struct kb_store *store = NULL;
	struct kb_err err;

	assert_int_equal(kb_store_open(dir, &store, &err), 0);
	return store;
}

KB_TEST(licence_of_a_package_file_is_read_from_it)
{
	kb_autostore struct kb_store *store = open_store();
	struct kb_digest deb;
	struct kb_err err;

	put_deb(store, "usr/share/doc/a/copyright", HEAD "\nFiles: *\nLicense: GPL-2+\n", &deb);
	for (int i = 0; i < 2; i++) { /* found, then remembered */
		kb_autofree char *licence = NULL;

		assert_int_equal(kb_sbom_deb_licence(store, &deb, "a", &licence, &err), 0);
		assert_string_equal(licence, "GPL-2.0-or-later");
	}
	for (int i = 0; i < 2; i++) { /* of another name: not there, and that too */
		char *licence = NULL;

		assert_int_equal(kb_sbom_deb_licence(store, &deb, "b", &licence, &err), 0);
		assert_null(licence);
	}
}

KB_TEST(package_file_that_is_none_is_damaged)
{
	kb_autostore struct kb_store *store = open_store();
	char *licence = NULL;
	struct kb_digest deb;
	struct kb_err err;

	assert_int_equal(kb_store_put(store, "rubbish", 7, &deb, &err), 0);
	assert_int_equal(kb_sbom_deb_licence(store, &deb, "a", &licence, &err), KB_E_DAMAGED);
	assert_int_equal(kb_store_put(store, "!<arch>\n", 8, &deb, &err), 0);
	assert_int_equal(kb_sbom_deb_licence(store, &deb, "a", &licence, &err), KB_E_DAMAGED);
}

/* ---- layers ---- */

struct member {
	const char *path, *text;
};

static void put_layer(struct kb_store *store, const struct member *members, size_t n,
		      struct kb_digest *digest)
{
	kb_autobuf struct kb_buf tar = KB_BUF_INIT;
	struct kb_tar_writer *w = kb_tar_writer_new(into, &tar, 1000);
	struct kb_err err;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(kb_tar_whole(w, members[i].path, 0644, members[i].text,
					      strlen(members[i].text), &err),
				 0);
	assert_int_equal(kb_tar_end(w, &err), 0);
	kb_tar_writer_free(w);
	assert_int_equal(kb_store_put(store, tar.data, tar.len, digest, &err), 0);
}

KB_TEST(layers_above_replace_what_is_below)
{
	static const struct member below[] = {
		{"etc/os-release", "ID=debian\nVERSION_ID='12'\n"},
		{"usr/share/doc/a/copyright", HEAD "\nFiles: *\nLicense: ISC\n"},
		{"usr/share/doc/b/copyright", HEAD "\nFiles: *\nLicense: Zlib\n"},
		{"usr/share/doc/b/README", HEAD "\nFiles: *\nLicense: MIT\n"},
		{"var/lib/dpkg/status", "Package: below\n"},
		{"lib/apk/db/installed", "P:below\n"},
	};
	static const struct member above[] = {
		{"usr/lib/os-release", "ID=\"debian\"\nVERSION_ID=13\n"},
		{"usr/share/doc/a/copyright", HEAD "\nFiles: *\nLicense: Expat\n"},
		{"var/lib/dpkg/status", "Package: above\n"},
		{"lib/apk/db/.wh.installed", ""},
	};
	kb_autostore struct kb_store *store = open_store();
	kb_autoroot struct kb_sbom_root root = {0};
	struct kb_digest layers[2];
	struct kb_err err;

	put_layer(store, below, 6, &layers[0]);
	put_layer(store, above, 4, &layers[1]);
	assert_int_equal(kb_sbom_root_read(store, layers, 2, &root, &err), 0);
	assert_string_equal(root.os_id, "debian");
	assert_string_equal(root.os_version, "13");
	assert_string_equal(root.dpkg.data, "Package: above\n");
	assert_int_equal(root.apk.len, 0);
	assert_string_equal(kb_sbom_root_licence(&root, "a"), "MIT");
	assert_string_equal(kb_sbom_root_licence(&root, "b"), "Zlib");
	assert_null(kb_sbom_root_licence(&root, "c"));
}

KB_TEST(layers_of_a_distribution_without_a_proper_name_give_none)
{
	static const struct member members[] = {
		{"etc/os-release", "ID=../x\nVERSION_ID=\"1?y=z\"\n"},
	};
	kb_autostore struct kb_store *store = open_store();
	kb_autoroot struct kb_sbom_root root = {0};
	struct kb_digest layer;
	struct kb_err err;

	put_layer(store, members, 1, &layer);
	assert_int_equal(kb_sbom_root_read(store, &layer, 1, &root, &err), 0);
	assert_null(root.os_id);
	assert_null(root.os_version);
}

KB_TEST(layer_that_is_no_tar_is_damaged)
{
	kb_autostore struct kb_store *store = open_store();
	kb_autoroot struct kb_sbom_root root = {0};
	struct kb_digest layer;
	struct kb_err err;

	assert_int_equal(kb_store_put(store, "rubbish", 7, &layer, &err), 0);
	assert_int_equal(kb_sbom_root_read(store, &layer, 1, &root, &err), KB_E_DAMAGED);
}

/* FIPS 180-4, RFC 7693: "abc". */
KB_TEST(digests_for_stock_tools_are_the_standards)
{
	uint8_t bytes[KB_BLAKE2B_LEN];
	char hex[2 * KB_BLAKE2B_LEN + 1];

	kb_stock_sha1("abc", 3, bytes);
	kb_hex(bytes, KB_SHA1_LEN, hex);
	assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
	kb_stock_sha512("abc", 3, bytes);
	kb_hex(bytes, 8, hex);
	assert_string_equal(hex, "ddaf35a193617aba");
	kb_stock_blake2b("abc", 3, bytes);
	kb_hex(bytes, 8, hex);
	assert_string_equal(hex, "ba80a53f981c4d0d");
}
