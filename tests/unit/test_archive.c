#include "tests/unit/unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/archive.h"
#include "builder/layer_locale.h"
#include "builder/oci_folder.h"
#include "core/file.h"

/* ---- making archives ---- */

struct part {
	char *path, *link; /* link: of AE_IFLNK, or of a hard link with type 0 */
	char *data;
	size_t len;
	unsigned type;
};

struct parts {
	struct part v[64];
	size_t n;
};

static void free_parts(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].path);
		free(p->v[i].link);
		free(p->v[i].data);
	}
}

#define autoparts __attribute__((cleanup(free_parts)))

static void add_bytes(struct parts *p, const char *path, const void *data, size_t len)
{
	struct part *x = &p->v[p->n++];

	*x = (struct part){.path = kb_strdup(path),
			   .data = kb_alloc(len + 1, 1),
			   .len = len,
			   .type = AE_IFREG};
	memcpy(x->data, data, len);
}

static void add(struct parts *p, const char *path, const char *text)
{
	add_bytes(p, path, text, strlen(text));
}

static void add_special(struct parts *p, const char *path, unsigned type, const char *link)
{
	p->v[p->n++] = (struct part){
		.path = kb_strdup(path), .type = type, .link = link ? kb_strdup(link) : NULL};
}

static struct part *part_of(struct parts *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].path, path) == 0)
			return &p->v[i];
	fail_msg("no part %s", path);
	return NULL;
}

static void replace(struct parts *p, const char *path, const char *text)
{
	struct part *x = part_of(p, path);

	free(x->data);
	x->data = kb_strdup(text);
	x->len = strlen(text);
}

static void drop(struct parts *p, const char *path)
{
	struct part *x = part_of(p, path);

	free(x->path);
	x->path = kb_strdup("unrelated");
}

static char *compressed(const void *data, size_t len, int filter, size_t *ret_len)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	char *out = kb_alloc(len + 65536, 1);

	archive_write_set_format_raw(a);
	archive_write_add_filter(a, filter);
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_memory(a, out, len + 65536, ret_len), ARCHIVE_OK);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_pathname(e, "raw");
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, len), (la_ssize_t)len);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_entry_free(e);
	archive_write_free(a);
	return out;
}

static char *write_tar(const struct parts *p, int filter)
{
	static unsigned number;
	char *path = kb_format("%s/archive-%u.tar", kb_test_dir(), number++);
	kb_autolocale struct kb_layer_locale locale = KB_LAYER_LOCALE_INIT;
	struct archive *a = archive_write_new();

	assert_int_equal(kb_layer_locale_begin(&locale, NULL), 0);
	archive_write_set_format_pax_restricted(a);
	if (filter)
		archive_write_add_filter(a, filter);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	for (size_t i = 0; i < p->n; i++) {
		struct archive_entry *e = archive_entry_new();

		archive_entry_set_pathname(e, p->v[i].path);
		archive_entry_set_filetype(e, p->v[i].type ? p->v[i].type : AE_IFREG);
		archive_entry_set_perm(e, 0644);
		archive_entry_set_size(e, (la_int64_t)p->v[i].len);
		if (p->v[i].type == AE_IFLNK)
			archive_entry_set_symlink(e, p->v[i].link);
		else if (!p->v[i].type)
			archive_entry_set_hardlink(e, p->v[i].link);
		/* names that are not UTF-8 make it warn */
		assert_true(archive_write_header(a, e) >= ARCHIVE_WARN);
		if (p->v[i].len)
			archive_write_data(a, p->v[i].data, p->v[i].len);
		archive_entry_free(e);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	return path;
}

/* ---- making images ---- */

#define LAYER_ONE "first layer, in truth a tar"
#define LAYER_TWO "second layer"

static const char *hex_of(const char *text, size_t len)
{
	struct kb_digest d;

	kb_digest_of(text, len, &d);
	return kb_digest_hex(&d);
}

static const char *hex(const char *text)
{
	return hex_of(text, strlen(text));
}

static char *config_for(const char *arch)
{
	return kb_format("{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{},\"rootfs\":{"
			 "\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\",\"sha256:%s\"]}}",
			 arch, hex(LAYER_ONE), hex(LAYER_TWO));
}

/* What `docker save` wrote before version 25. */
static void docker_image(struct parts *p)
{
	kb_autofree char *config = config_for("amd64");
	kb_autofree char *name = kb_format("%s.json", hex(config));
	kb_autofree char *manifest = kb_format("[{\"Config\":\"%s\",\"RepoTags\":[\"test/one:1\"],"
					       "\"Layers\":[\"aa/layer.tar\",\"bb/layer.tar\"]}]",
					       name);

	add_special(p, "aa", AE_IFDIR, NULL);
	add(p, "aa/VERSION", "1.0");
	add(p, "aa/layer.tar", LAYER_ONE);
	add(p, "bb/layer.tar", LAYER_TWO);
	add(p, name, config);
	add(p, "repositories", "{}");
	add(p, "manifest.json", manifest);
}

static void add_blob(struct parts *p, const void *data, size_t len)
{
	kb_autofree char *path = kb_format("blobs/sha256/%s", hex_of(data, len));

	add_bytes(p, path, data, len);
}

/* Its manifest's digest in hex, static. */
static const char *oci_manifest(struct parts *p, const char *arch)
{
	kb_autofree char *config = config_for(arch);
	size_t n_one, n_two;
	kb_autofree char *one =
		compressed(LAYER_ONE, strlen(LAYER_ONE), ARCHIVE_FILTER_GZIP, &n_one);
	kb_autofree char *two =
		compressed(LAYER_TWO, strlen(LAYER_TWO), ARCHIVE_FILTER_ZSTD, &n_two);
	kb_autofree char *manifest = kb_format(
		"{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:%s\",\"size\":%zu},"
		"\"layers\":[{"
		"\"digest\":\"sha256:%s\",\"size\":%zu},{\"digest\":\"sha256:%s\",\"size\":%zu}]}",
		hex(config), strlen(config), hex_of(one, n_one), n_one, hex_of(two, n_two), n_two);

	add_blob(p, config, strlen(config));
	if (strcmp(arch, "amd64") == 0) {
		add_blob(p, one, n_one);
		add_blob(p, two, n_two);
	}
	add_blob(p, manifest, strlen(manifest));
	return hex(manifest);
}

static void oci_image(struct parts *p)
{
	kb_autofree char *ours = kb_strdup(oci_manifest(p, "amd64"));
	kb_autofree char *theirs = kb_strdup(oci_manifest(p, "arm64"));
	kb_autofree char *index = kb_format("{\"schemaVersion\":2,\"manifests\":["
					    "{\"digest\":\"sha256:%s\",\"platform\":{\"os\":"
					    "\"linux\",\"architecture\":\"arm64\"}},"
					    "{\"digest\":\"sha256:%s\",\"platform\":{\"os\":"
					    "\"linux\",\"architecture\":\"amd64\"}},"
					    "{\"digest\":\"sha256:%s\",\"platform\":{\"os\":"
					    "\"unknown\",\"architecture\":\"unknown\"}}"
					    "]}",
					    theirs, ours, theirs);

	add(p, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	add(p, "index.json", index);
}

/* ---- importing ---- */

static struct kb_store *fresh_store(void)
{
	static unsigned number;
	kb_autofree char *dir = kb_format("%s/archive-store-%u", kb_test_dir(), number++);
	struct kb_store *store;
	struct kb_err err;

	assert_int_equal(kb_store_open(dir, &store, &err), 0);
	return store;
}

static int import_file(struct kb_store *store, const char *path, const char *tag,
		       struct kb_image_content *content, struct kb_err *err)
{
	kb_autoarchive struct kb_archive *archive = NULL;
	kb_autoociimage struct kb_oci_image image = {0};
	kb_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct kb_oci_source source;
	int rc;

	assert_true(fd >= 0);
	if ((rc = kb_archive_open(fd, "test.tar", &archive, err)) < 0)
		return rc;
	kb_archive_source(archive, &source);
	if ((rc = kb_oci_find(&source, "x86_64", tag, &image, err)) < 0)
		return rc;
	return kb_oci_import(&source, &image, "test", store, content, err);
}

static void check_imported(struct kb_store *store, const struct kb_image_content *content)
{
	struct kb_digest one, two;

	kb_digest_of(LAYER_ONE, strlen(LAYER_ONE), &one);
	kb_digest_of(LAYER_TWO, strlen(LAYER_TWO), &two);
	assert_int_equal(content->n_layers, 2);
	assert_true(kb_digest_eq(&content->layers[0], &one));
	assert_true(kb_digest_eq(&content->layers[1], &two));
	assert_int_equal(content->sizes[0], strlen(LAYER_ONE));
	assert_int_equal(content->sizes[1], strlen(LAYER_TWO));
	assert_int_equal(kb_store_check(store, &one, NULL), 0);
	assert_int_equal(kb_store_check(store, &two, NULL), 0);
	assert_int_equal(kb_store_check(store, &content->config, NULL), 0);
}

static void accept_parts(const struct parts *p, int filter, const char *tag)
{
	kb_autofree char *path = write_tar(p, filter);
	kb_autostore struct kb_store *store = fresh_store();
	struct kb_image_content content = {0};
	struct kb_err err = {0};

	if (import_file(store, path, tag, &content, &err) < 0)
		fail_msg("%s", err.text);
	check_imported(store, &content);
	kb_image_content_free(&content);
}

static void refuse_file(const char *path, int code, const char *word)
{
	kb_autostore struct kb_store *store = fresh_store();
	struct kb_image_content content = {0};
	struct kb_err err = {0};

	assert_int_equal(import_file(store, path, "", &content, &err), code);
	if (!strstr(err.text, word))
		fail_msg("\"%s\" is not in: %s", word, err.text);
}

static void refuse_parts(const struct parts *p, int code, const char *word)
{
	kb_autofree char *path = write_tar(p, 0);

	refuse_file(path, code, word);
}

/* ---- what is accepted ---- */

KB_TEST(docker_archive_is_imported)
{
	autoparts struct parts p = {.n = 0};

	docker_image(&p);
	accept_parts(&p, 0, "");
	accept_parts(&p, ARCHIVE_FILTER_GZIP, "");
	accept_parts(&p, ARCHIVE_FILTER_ZSTD, "");
}

KB_TEST(oci_archive_is_followed_to_our_machine_and_decompressed)
{
	autoparts struct parts p = {.n = 0};

	oci_image(&p);
	accept_parts(&p, 0, "");
}

KB_TEST(archive_of_both_forms_is_imported)
{
	autoparts struct parts p = {.n = 0};

	docker_image(&p);
	oci_image(&p);
	accept_parts(&p, 0, "");
}

KB_TEST(leading_dot_and_extra_entries_are_allowed)
{
	autoparts struct parts p = {.n = 0};

	docker_image(&p);
	for (size_t i = 0; i < p.n; i++) {
		char *path = kb_format("./%s", p.v[i].path);

		free(p.v[i].path);
		p.v[i].path = path;
	}
	add(&p, "./zz/another", "never read");
	add(&p, "./F\xc5\x91tan\xc3\xbas\xc3\xadtv\xc3\xa1ny", "a name that is not ASCII");
	accept_parts(&p, 0, "");
}

KB_TEST(layer_given_as_a_link_is_found)
{
	autoparts struct parts soft = {.n = 0}, hard = {.n = 0};

	docker_image(&soft);
	free(part_of(&soft, "bb/layer.tar")->path);
	soft.v[3].path = kb_strdup("cc/layer.tar");
	add_special(&soft, "bb/layer.tar", AE_IFLNK, "../cc/layer.tar");
	accept_parts(&soft, 0, "");
	docker_image(&hard);
	free(part_of(&hard, "bb/layer.tar")->path);
	hard.v[3].path = kb_strdup("cc/layer.tar");
	add_special(&hard, "bb/layer.tar", 0, "cc/layer.tar");
	accept_parts(&hard, 0, "");
}

KB_TEST(image_with_one_layer_twice_is_imported)
{
	autoparts struct parts p = {.n = 0};
	kb_autofree char *config = kb_format(
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
		"\"diff_ids\":[\"sha256:%s\",\"sha256:%s\"]}}",
		hex(LAYER_ONE), hex(LAYER_ONE));
	kb_autofree char *path = NULL;
	kb_autostore struct kb_store *store = fresh_store();
	struct kb_image_content content = {0};
	struct kb_err err = {0};

	add(&p, "config.json", config);
	add(&p, "l", LAYER_ONE);
	add(&p, "manifest.json", "[{\"Config\":\"config.json\",\"Layers\":[\"l\",\"l\"]}]");
	path = write_tar(&p, 0);
	if (import_file(store, path, "", &content, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(content.n_layers, 2);
	assert_int_equal(content.sizes[1], strlen(LAYER_ONE));
	kb_image_content_free(&content);
}

KB_TEST(tag_chooses_among_several_images)
{
	autoparts struct parts p = {.n = 0};
	struct part *manifest;
	char *both;

	docker_image(&p);
	manifest = part_of(&p, "manifest.json");
	both = kb_format(
		"[{\"Config\":\"x.json\",\"RepoTags\":[\"test/two:2\"],\"Layers\":[\"l\"]},%s",
		manifest->data + 1);
	replace(&p, "manifest.json", both);
	free(both);
	refuse_parts(&p, KB_E_INVALID, "test/two:2, test/one:1");
	accept_parts(&p, 0, "test/one:1");
	accept_parts(&p, 0, "one:1");
}

/* ---- D42: images that are not what they say ---- */

KB_TEST(missing_layer_is_refused)
{
	autoparts struct parts p = {.n = 0};

	docker_image(&p);
	drop(&p, "bb/layer.tar");
	refuse_parts(&p, KB_E_INVALID, "bb/layer.tar");
}

KB_TEST(layer_that_is_not_in_the_config_is_refused)
{
	autoparts struct parts p = {.n = 0};
	kb_autofree char *more = NULL;
	char *at;

	docker_image(&p);
	add(&p, "cc/layer.tar", "a third one");
	more = kb_strdup(part_of(&p, "manifest.json")->data);
	at = strstr(more, "]}]");
	*at = '\0';
	at = kb_format("%s,\"cc/layer.tar\"]}]", more);
	replace(&p, "manifest.json", at);
	free(at);
	refuse_parts(&p, KB_E_INVALID, "2 diffIDs for 3 layers");
}

KB_TEST(layer_with_other_bytes_is_refused_and_not_stored)
{
	autoparts struct parts p = {.n = 0};
	kb_autofree char *path = NULL;
	kb_autostore struct kb_store *store = fresh_store();
	struct kb_image_content content = {0};
	struct kb_digest digest;
	struct kb_err err = {0};

	docker_image(&p);
	replace(&p, "bb/layer.tar", "something else");
	path = write_tar(&p, 0);
	assert_int_equal(import_file(store, path, "", &content, &err), KB_E_DAMAGED);
	assert_non_null(strstr(err.text, "bb/layer.tar"));
	kb_digest_of("something else", 14, &digest);
	assert_false(kb_store_has(store, &digest, NULL));
}

KB_TEST(manifest_inside_twice_is_refused)
{
	autoparts struct parts p = {.n = 0};

	docker_image(&p);
	add(&p, "manifest.json", "[]");
	refuse_parts(&p, KB_E_INVALID, "manifest.json is inside twice");
	free(p.v[p.n - 1].path);
	p.v[p.n - 1].path = kb_strdup("./manifest.json");
	refuse_parts(&p, KB_E_INVALID, "manifest.json is inside twice");
}

KB_TEST(layer_path_that_leads_upwards_is_refused)
{
	autoparts struct parts p = {.n = 0};
	kb_autofree char *manifest = NULL;

	docker_image(&p);
	manifest =
		kb_format("[{\"Config\":\"%s\",\"Layers\":[\"aa/layer.tar\",\"../bb/layer.tar\"]}]",
			  p.v[4].path);
	replace(&p, "manifest.json", manifest);
	refuse_parts(&p, KB_E_PATH, "layer 2");
}

KB_TEST(entry_that_leads_elsewhere_is_refused)
{
	static const char *const paths[] = {"../x", "a/../../x", "/etc/x",  "a/./b",
					    "a//b", "\x01",      "\xff\xfe"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		autoparts struct parts p = {.n = 0};
		kb_autofree char *path = NULL;
		kb_autostore struct kb_store *store = fresh_store();
		struct kb_image_content content = {0};
		struct kb_err err = {0};
		int rc;

		docker_image(&p);
		add(&p, paths[i], "x");
		path = write_tar(&p, 0);
		rc = import_file(store, path, "", &content, &err);
		assert_true(rc == KB_E_PATH || rc == KB_E_INVALID);
	}
}

KB_TEST(config_that_is_not_its_name_is_refused)
{
	autoparts struct parts p = {.n = 0};
	kb_autofree char *other = config_for("amd64");

	docker_image(&p);
	other[strlen(other) - 1] = ' ';
	replace(&p, p.v[4].path, other);
	refuse_parts(&p, KB_E_DAMAGED, "has sha256");
}

KB_TEST(blob_that_is_not_its_name_is_refused)
{
	for (size_t i = 0; i < 4; i++) { /* config, layer, layer, manifest */
		autoparts struct parts p = {.n = 0};

		oci_image(&p);
		p.v[i].data[p.v[i].len - 1] ^= 1;
		refuse_parts(&p, KB_E_DAMAGED, "");
	}
}

KB_TEST(two_descriptions_of_different_images_are_refused)
{
	autoparts struct parts p = {.n = 0};
	kb_autofree char *config = kb_format(
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
		"\"diff_ids\":[\"sha256:%s\"]}}",
		hex(LAYER_ONE));
	kb_autofree char *name = kb_format("%s.json", hex(config));
	kb_autofree char *manifest = kb_format("[{\"Config\":\"%s\",\"Layers\":[\"l\"]}]", name);

	oci_image(&p);
	add(&p, name, config);
	add(&p, "l", LAYER_ONE);
	add(&p, "manifest.json", manifest);
	refuse_parts(&p, KB_E_INVALID, "manifest.json means image");
}

KB_TEST(image_for_another_machine_is_refused)
{
	autoparts struct parts p = {.n = 0};
	kb_autofree char *config = config_for("arm64");

	add(&p, "config.json", config);
	add(&p, "aa", LAYER_ONE);
	add(&p, "bb", LAYER_TWO);
	add(&p, "manifest.json", "[{\"Config\":\"config.json\",\"Layers\":[\"aa\",\"bb\"]}]");
	refuse_parts(&p, KB_E_INVALID, "linux/arm64");
}

/* D7, D10, D13 */
KB_TEST(special_entries_and_wild_links_are_refused)
{
	static const struct {
		unsigned type;
		const char *link;
		int code;
	} cases[] = {
		{AE_IFCHR, NULL, KB_E_PATH},         {AE_IFBLK, NULL, KB_E_PATH},
		{AE_IFIFO, NULL, KB_E_PATH},         {AE_IFLNK, "/etc/passwd", KB_E_PATH},
		{AE_IFLNK, "../outside", KB_E_PATH}, {0, "../outside", KB_E_PATH},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		autoparts struct parts p = {.n = 0};

		docker_image(&p);
		add_special(&p, "special", cases[i].type, cases[i].link);
		refuse_parts(&p, cases[i].code, "special");
	}
}

/* D10 */
KB_TEST(links_in_a_circle_are_refused)
{
	autoparts struct parts p = {.n = 0};

	docker_image(&p);
	drop(&p, "bb/layer.tar");
	add_special(&p, "bb/layer.tar", AE_IFLNK, "other.tar");
	add_special(&p, "bb/other.tar", AE_IFLNK, "layer.tar");
	refuse_parts(&p, KB_E_INVALID, "bb/layer.tar");
}

KB_TEST(documents_that_are_not_what_is_expected_are_refused)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"null",
		"\"text\"",
		"[1]",
		"[null]",
		"[[]]",
		"[{}]",
		"[{\"Config\":1,\"Layers\":{}}]",
		"[{\"Config\":null}]",
		"[{\"Config\":\"repositories\",\"Layers\":\"aa/layer.tar\"}]",
		"[{\"Config\":\"repositories\",\"Layers\":[]}]",
		"[{\"Config\":\"aa/VERSION\",\"Layers\":[\"aa/layer.tar\"]}]",
		"[{\"Config\":\"missing.json\",\"Layers\":[\"aa/layer.tar\"]}]",
		"[{\"Config\":\"repositories\",\"Config\":\"x\",\"Layers\":[\"aa/layer.tar\"]}]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		autoparts struct parts p = {.n = 0};
		kb_autofree char *path = NULL;
		kb_autostore struct kb_store *store = fresh_store();
		struct kb_image_content content = {0};
		struct kb_err err = {0};
		int rc;

		docker_image(&p);
		replace(&p, "manifest.json", texts[i]);
		path = write_tar(&p, 0);
		rc = import_file(store, path, "", &content, &err);
		if (rc != KB_E_INVALID && rc != KB_E_PATH)
			fail_msg("%s: %d %s", texts[i], rc, err.text);
	}
}

KB_TEST(tar_without_an_image_is_refused)
{
	autoparts struct parts p = {.n = 0};

	add(&p, "readme", "hello");
	refuse_parts(&p, KB_E_INVALID, "not an image");
}

KB_TEST(compressed_layer_cut_short_is_refused)
{
	autoparts struct parts p = {.n = 0};
	kb_autofree char *config = config_for("amd64");
	size_t n;
	kb_autofree char *one = compressed(LAYER_ONE, strlen(LAYER_ONE), ARCHIVE_FILTER_GZIP, &n);

	add(&p, "config.json", config);
	add_bytes(&p, "aa", one, n - 9);
	add(&p, "bb", LAYER_TWO);
	add(&p, "manifest.json", "[{\"Config\":\"config.json\",\"Layers\":[\"aa\",\"bb\"]}]");
	refuse_parts(&p, KB_E_DAMAGED, "layer aa");
}

/* Every place where a copy may have ended: never a crash, never an import. */
KB_TEST(archive_cut_anywhere_before_its_last_entry_is_refused)
{
	autoparts struct parts p = {.n = 0};
	kb_autofree char *path = NULL;

	docker_image(&p);
	path = write_tar(&p, 0);
	/* a folder of one block, then a header and a block each */
	for (off_t size = 512 * ((off_t)p.n * 2 - 2) + (off_t)p.v[p.n - 1].len - 1; size > 0;
	     size -= 100) {
		kb_autostore struct kb_store *store = fresh_store();
		struct kb_image_content content = {0};
		struct kb_err err = {0};

		assert_int_equal(truncate(path, size), 0);
		assert_true(import_file(store, path, "", &content, &err) < 0);
		kb_image_content_free(&content);
	}
}

/* ---- D41: headers on which readers disagree ---- */

static void put_octal(char *field, size_t len, unsigned long v)
{
	snprintf(field, len, "%0*lo", (int)len - 1, v);
}

static void put_header(struct kb_buf *buf, const char *name, char type, unsigned long size,
		       bool base256_negative)
{
	char h[512] = {0};
	unsigned sum = 0;

	snprintf(h, 100, "%s", name);
	put_octal(h + 100, 8, 0644);
	put_octal(h + 108, 8, 0);
	put_octal(h + 116, 8, 0);
	put_octal(h + 124, 12, size);
	if (base256_negative)
		memset(h + 124, 0xff, 12);
	put_octal(h + 136, 12, 0);
	memset(h + 148, ' ', 8);
	h[156] = type;
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 7, "%06o", sum);
	kb_buf_add(buf, h, sizeof(h));
}

static void put_data(struct kb_buf *buf, const char *text)
{
	static const char zero[512];
	size_t len = strlen(text);

	kb_buf_add(buf, text, len);
	kb_buf_add(buf, zero, (512 - len % 512) % 512);
}

static char *write_raw(const struct kb_buf *head, const struct parts *p)
{
	kb_autobuf struct kb_buf all = KB_BUF_INIT;
	kb_autofree char *rest = write_tar(p, 0);
	char *path = kb_format("%s.raw", rest);
	struct kb_err err;

	kb_buf_add(&all, head->data, head->len);
	assert_int_equal(kb_file_read(rest, 1 << 20, &all, &err), 0);
	assert_int_equal(kb_file_replace(path, all.data, all.len, 0600, &err), 0);
	return path;
}

/* A pax size of 0 over a ustar size of 1024: to some readers the data of
 * "cover" is what follows, to others it is a second manifest.json. Whoever
 * takes the pax size sees manifest.json twice. */
KB_TEST(entry_hidden_behind_a_pax_size_does_not_get_through)
{
	autoparts struct parts p = {.n = 0};
	kb_autobuf struct kb_buf head = KB_BUF_INIT;
	kb_autofree char *path = NULL;

	docker_image(&p);
	put_header(&head, "PaxHeader", 'x', 9, false);
	put_data(&head, "9 size=0\n");
	put_header(&head, "cover", '0', 1024, false);
	put_header(&head, "manifest.json", '0', 2, false);
	put_data(&head, "[]");
	path = write_raw(&head, &p);
	refuse_file(path, KB_E_INVALID, "manifest.json is inside twice");
}

KB_TEST(long_name_of_gnu_that_leads_upwards_is_refused)
{
	autoparts struct parts p = {.n = 0};
	kb_autobuf struct kb_buf head = KB_BUF_INIT;
	kb_autofree char *path = NULL;

	docker_image(&p);
	put_header(&head, "././@LongLink", 'L', 12, false);
	put_data(&head, "../../escape");
	put_header(&head, "harmless", '0', 0, false);
	path = write_raw(&head, &p);
	refuse_file(path, KB_E_PATH, "");
}

KB_TEST(negative_size_is_refused)
{
	autoparts struct parts p = {.n = 0};
	kb_autobuf struct kb_buf head = KB_BUF_INIT;
	kb_autofree char *path = NULL;

	docker_image(&p);
	put_header(&head, "negative", '0', 0, true);
	path = write_raw(&head, &p);
	refuse_file(path, KB_E_DAMAGED, "");
}

/* ---- folders ---- */

KB_TEST(layout_in_a_folder_is_imported_and_links_in_it_are_not)
{
	kb_autofree char *dir = kb_format("%s/layout", kb_test_dir());
	kb_autofree char *blobs = kb_format("%s/blobs/sha256", dir);
	kb_autofree char *index = kb_format("%s/index.json", dir);
	kb_autofree char *moved = kb_format("%s/moved", dir);
	kb_autoocifolder struct kb_oci_folder folder = KB_OCI_FOLDER_INIT;
	kb_autoociimage struct kb_oci_image image = {0}, again = {0};
	kb_autostore struct kb_store *store = fresh_store();
	struct kb_image_content content = {0};
	autoparts struct parts p = {.n = 0};
	struct kb_oci_source source;
	struct kb_err err;

	oci_image(&p);
	assert_int_equal(kb_mkdirs(blobs, 0755, &err), 0);
	for (size_t i = 0; i < p.n; i++) {
		kb_autofree char *path = kb_format("%s/%s", dir, p.v[i].path);

		assert_int_equal(kb_file_replace(path, p.v[i].data, p.v[i].len, 0644, &err), 0);
	}
	assert_int_equal(kb_oci_folder_open(&folder, AT_FDCWD, dir, &err), 0);
	kb_oci_folder_source(&folder, "blobs/sha256/", &source);
	assert_int_equal(kb_oci_find(&source, "x86_64", "", &image, &err), 0);
	assert_int_equal(kb_oci_import(&source, &image, "test", store, &content, &err), 0);
	check_imported(store, &content);
	kb_image_content_free(&content);
	assert_int_equal(rename(index, moved), 0);
	assert_int_equal(symlink("moved", index), 0);
	assert_int_equal(kb_oci_find(&source, "x86_64", "", &again, &err), KB_E_PATH);
}
