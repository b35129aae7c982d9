/* Images through a simulated engine: stub/image_*.c together. */
#include "stub/image_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/tar.h"
#include "stub/image_answer.h"
#include "stub/image_oci.h"
#include "tests/unit/fake_engine.h"
#include "tests/unit/unit.h"

/* Three images over four layers: A = base + one, B = base + two, C = base +
 * one + one again. */
enum { BASE, ONE, TWO, CONFIG_A, CONFIG_B, CONFIG_C, BLOBS };

struct set {
	struct kb_manifest m;
	struct kb_buf content[BLOBS];
	uint32_t index[BLOBS]; /* BASE.. to the place in the sorted list */
	struct kb_blob blobs[BLOBS];
	struct kb_image images[3];
	uint32_t layers[3][3];
	const struct kb_image *all[3];
	struct kb_image_feed feed;
	size_t streamed;
	int fail_after; /* blobs, then KB_E_DAMAGED */
};

static int stream(void *ctx, uint32_t blob, kb_sink_fn sink, void *sink_ctx, struct kb_err *err)
{
	struct set *s = ctx;
	const struct kb_buf *b = NULL;
	int rc = 0;

	if (s->fail_after && s->streamed == (size_t)s->fail_after)
		return kb_err_set(err, KB_E_DAMAGED, "chunk 3: digest differs");
	for (int i = 0; i < BLOBS; i++)
		if (s->index[i] == blob)
			b = &s->content[i];
	s->streamed++;
	for (size_t at = 0; rc == 0 && at < b->len; at += 40000)
		rc = sink(sink_ctx, b->data + at, b->len - at < 40000 ? b->len - at : 40000, err);
	return rc;
}

static int by_digest(const void *a, const void *b)
{
	return kb_digest_cmp(&((const struct kb_blob *)a)->digest,
			     &((const struct kb_blob *)b)->digest);
}

static void config(struct set *s, int which, int n, const int *layers)
{
	kb_buf_printf(&s->content[which],
		      "{\"n\":%d,\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[", which);
	for (int i = 0; i < n; i++) {
		struct kb_digest d;

		kb_digest_of(s->content[layers[i]].data, s->content[layers[i]].len, &d);
		kb_buf_printf(&s->content[which], "%s\"sha256:%s\"", i ? "," : "",
			      kb_digest_hex(&d));
	}
	kb_buf_puts(&s->content[which], "]}}");
}

static int to_buf(void *ctx, const void *data, size_t len, struct kb_err *err)
{
	(void)err;
	kb_buf_add(ctx, data, len);
	return 0;
}

static void layer(struct kb_buf *out, int which, int words)
{
	struct kb_tar_writer *w = kb_tar_writer_new(to_buf, out, 1 << 20);
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	char path[] = "file-0";

	path[5] = (char)('0' + which);
	for (int k = 0; k < words; k++)
		kb_buf_printf(&text, "%d %d ", which, k);
	kb_tar_whole(w, path, 0644, text.data, text.len, NULL);
	kb_tar_end(w, NULL);
	kb_tar_writer_free(w);
}

static void make(struct set *s, int words)
{
	static char names[3][16] = {"keybuzz/a:1", "keybuzz/b:1", "keybuzz/c:1"};
	static const int layers[3][3] = {{BASE, ONE, 0}, {BASE, TWO, 0}, {BASE, ONE, ONE}};
	static const int n[3] = {2, 2, 3};

	memset(s, 0, sizeof(*s));
	for (int i = BASE; i <= TWO; i++)
		layer(&s->content[i], i, words);
	for (int i = 0; i < 3; i++)
		config(s, CONFIG_A + i, n[i], layers[i]);
	for (int i = 0; i < BLOBS; i++) {
		s->blobs[i].size = s->content[i].len;
		s->blobs[i].chunk = (uint32_t)i;
		kb_digest_of(s->content[i].data, s->content[i].len, &s->blobs[i].digest);
	}
	qsort(s->blobs, BLOBS, sizeof(s->blobs[0]), by_digest);
	for (uint32_t i = 0; i < BLOBS; i++)
		s->index[s->blobs[i].chunk] = i;
	s->m.blobs = s->blobs;
	s->m.n_blobs = BLOBS;
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < n[i]; k++)
			s->layers[i][k] = s->index[layers[i][k]];
		s->images[i] = (struct kb_image){names[i],     names[i],
						 names[i],     s->index[CONFIG_A + i],
						 s->layers[i], (size_t)n[i]};
		s->all[i] = &s->images[i];
	}
	s->m.images = s->images;
	s->m.n_images = 3;
	s->feed = (struct kb_image_feed){&s->m, stream, s};
}

static void unmake(struct set *s)
{
	for (int i = 0; i < BLOBS; i++)
		kb_buf_free(&s->content[i]);
}

static struct kb_engine *engine_of(const struct fake_engine *f)
{
	struct kb_engine_options o = {.socket = f->socket, .call_ms = 400, .load_ms = 600};
	struct kb_engine *e = NULL;

	assert_int_equal(kb_engine_open(&o, &e, NULL), 0);
	return e;
}

/* Look and load, as a step does. */
static int bring(struct fake_engine *f, struct set *s, size_t n, bool content,
		 struct kb_image_load *load, struct kb_err *err)
{
	kb_autoengine struct kb_engine *e = engine_of(f);
	struct kb_image_status status[3];
	int rc = kb_image_present(e, &s->m, s->all, n, content, NULL, status, err);

	return rc < 0 ? rc : kb_image_load(e, &s->feed, status, n, NULL, load, err);
}

static void expect_all_there(struct fake_engine *f, const struct set *s, size_t n)
{
	kb_autoengine struct kb_engine *e = engine_of(f);
	struct kb_image_status status[3];

	assert_int_equal(kb_image_present(e, &s->m, s->all, n, true, NULL, status, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(status[i].state, KB_IMAGE_PRESENT);
		assert_string_equal(fake_find(f, s->images[i].reference)->id, status[i].id);
	}
}

/* An engine that behaves as told, three images, and room for results. */
#define WITH(engine, images, ...)                                \
	struct fake_engine engine = {__VA_ARGS__};               \
	struct set images;                                       \
	struct kb_image_load load __attribute__((unused)) = {0}; \
	struct kb_err err __attribute__((unused)) = {0};         \
	make(&images, 20000);                                    \
	fake_start(&engine)

#define DONE(engine, images) \
	fake_stop(&engine);  \
	unmake(&images)

static void load_three(enum kb_engine_store store)
{
	WITH(f, s, .store = store);
	assert_int_equal(bring(&f, &s, 3, false, &load, &err), 0);
	assert_int_equal(load.loaded, 3);
	assert_int_equal(load.tagged, 0);
	assert_int_equal(f.loads, 1);
	/* each config and each layer once, and the OCI manifests */
	assert_int_equal(f.layers_got, 6 + (store == KB_ENGINE_CONTAINERD ? 3 : 0));
	assert_int_equal(f.oci, store == KB_ENGINE_CONTAINERD);
	expect_all_there(&f, &s, 3);
	assert_int_equal(bring(&f, &s, 3, true, &load, &err), 0);
	assert_int_equal(load.loaded + load.tagged, 0);
	assert_int_equal(f.loads, 1);
	DONE(f, s);
}

KB_TEST(images_are_loaded_at_once_into_every_store)
{
	load_three(KB_ENGINE_LAYERS);
	load_three(KB_ENGINE_CONTAINERD);
	load_three(KB_ENGINE_PODMAN);
}

KB_TEST(layers_that_are_there_are_left_out_for_graph_drivers_only)
{
	for (int store = KB_ENGINE_LAYERS; store <= KB_ENGINE_PODMAN; store++) {
		WITH(f, s, .store = (enum kb_engine_store)store);
		assert_int_equal(bring(&f, &s, 1, false, &load, &err), 0);
		assert_int_equal(load.skipped_layers, 0);
		assert_int_equal(bring(&f, &s, 3, false, &load, &err), 0);
		assert_int_equal(load.loaded, 2);
		/* base is held; one is held for A's chain but C needs it higher too */
		assert_int_equal(load.skipped_layers, store == KB_ENGINE_LAYERS ? 1 : 0);
		expect_all_there(&f, &s, 3);
		DONE(f, s);
	}
}

KB_TEST(a_pruned_layer_is_sent_after_all)
{
	WITH(f, s, .store = KB_ENGINE_LAYERS);
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), 0);
	f.prune_before_load = true;
	assert_int_equal(bring(&f, &s, 2, false, &load, &err), 0);
	assert_int_equal(f.loads, 3);
	assert_int_equal(load.skipped_layers, 0);
	DONE(f, s);
}

/* G7 */
KB_TEST(an_image_pruned_before_it_has_its_name_is_loaded_again)
{
	WITH(f, s, .store = KB_ENGINE_LAYERS);
	f.load_forget_once = true;
	assert_int_equal(bring(&f, &s, 2, false, &load, &err), 0);
	assert_int_equal(f.loads, 2);
	expect_all_there(&f, &s, 2);
	DONE(f, s);
}

/* G5 */
KB_TEST(a_reference_moves_and_the_old_image_stays)
{
	WITH(f, s, .store = KB_ENGINE_LAYERS);
	kb_autoengine struct kb_engine *e = engine_of(&f);
	struct kb_image_status status[2];

	assert_int_equal(bring(&f, &s, 2, false, &load, &err), 0);
	s.images[1].reference = s.images[0].reference;
	assert_int_equal(kb_image_present(e, &s.m, s.all + 1, 1, false, NULL, status, NULL), 0);
	assert_int_equal(status[0].state, KB_IMAGE_UNTAGGED);
	assert_string_equal(status[0].replaces, f.images[0].id);
	assert_int_equal(kb_image_load(e, &s.feed, status, 1, NULL, &load, NULL), 0);
	assert_int_equal(load.tagged, 1);
	assert_int_equal(f.loads, 1);
	assert_int_equal(f.n, 2);
	assert_string_equal(fake_find(&f, "keybuzz/a:1")->id, status[0].id);
	s.images[1].reference = s.images[1].name;
	DONE(f, s);
}

/* G4 */
KB_TEST(another_image_than_signed_is_removed)
{
	WITH(f, s, .load_other_layers = true);
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), KB_E_DEPENDENCY);
	assert_non_null(strstr(err.text, "other layers"));
	assert_int_equal(f.n, 0);
	f.load_other_layers = false;
	f.load_other_id = true;
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), KB_E_DEPENDENCY);
	assert_non_null(strstr(err.text, "does not have it"));
	assert_int_equal(f.n, 0);
	f.load_other_id = false;
	f.load_forget = true;
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), KB_E_DEPENDENCY);
	f.load_forget = false;
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), 0);
	expect_all_there(&f, &s, 1);
	DONE(f, s);
}

KB_TEST(a_stray_that_was_there_before_stays)
{
	WITH(f, s, .store = KB_ENGINE_LAYERS);
	char stray[72];

	f.load_other_id = true;
	bring(&f, &s, 1, false, &load, &err);
	f.load_other_id = false;
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), 0);
	strcpy(stray, f.images[0].id);
	f.images[0].id[8] = f.images[0].id[8] == '0' ? '1' : '0';
	f.images[0].tag[0] = '\0';
	strcpy(stray, f.images[0].id);
	f.load_other_id = true;
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), KB_E_DEPENDENCY);
	assert_non_null(fake_find(&f, stray));
	DONE(f, s);
}

static void expect_load_fails(struct fake_engine *f, struct set *s, int code, const char *why)
{
	struct kb_err err = {0};

	assert_int_equal(bring(f, s, 2, false, NULL, &err), code);
	if (!strstr(err.text, why))
		print_message("%s\n", err.text);
	assert_non_null(strstr(err.text, why));
}

KB_TEST(the_engines_reason_is_passed_on)
{
	WITH(f, s, .load_error = "write /var/lib/docker/tmp/x: no space left on device");
	expect_load_fails(&f, &s, KB_E_SPACE, "no space left");
	f.load_error = "unexpected something";
	expect_load_fails(&f, &s, KB_E_DEPENDENCY, "unexpected something");
	f.load_error = NULL;
	f.load_words = "Error unpacking image keybuzz/a:1: no space left on device\\n";
	expect_load_fails(&f, &s, KB_E_SPACE, "Error unpacking");
	f.load_words = NULL;
	f.load_early = "{\"message\":\"no space left on device\"}";
	expect_load_fails(&f, &s, KB_E_SPACE, "the engine says 500");
	f.load_early = "";
	expect_load_fails(&f, &s, KB_E_DEPENDENCY, "the engine says 500");
	f.load_early = NULL;
	assert_int_equal(bring(&f, &s, 2, false, &load, &err), 0);
	DONE(f, s);
}

KB_TEST(damage_in_the_bundle_stops_the_load)
{
	WITH(f, s, .store = KB_ENGINE_LAYERS);
	s.fail_after = 3;
	expect_load_fails(&f, &s, KB_E_DAMAGED, "digest differs");
	assert_int_equal(f.n, 0);
	DONE(f, s);
}

static int stop_at(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)what;
	(void)total;
	return done >= *(uint64_t *)ctx;
}

KB_TEST(an_interrupted_load_can_be_repeated)
{
	WITH(f, s, .store = KB_ENGINE_LAYERS);
	uint64_t limit = 100000;
	struct kb_progress progress = {stop_at, &limit};
	kb_autoengine struct kb_engine *e = engine_of(&f);
	struct kb_image_status status[3];

	assert_int_equal(kb_image_present(e, &s.m, s.all, 3, false, NULL, status, NULL), 0);
	assert_int_equal(kb_image_load(e, &s.feed, status, 3, &progress, &load, &err),
			 KB_E_INTERRUPTED);
	assert_int_equal(f.n, 0);
	assert_int_equal(bring(&f, &s, 3, false, &load, &err), 0);
	expect_all_there(&f, &s, 3);
	DONE(f, s);
}

/* H30, H33 */
static void lose_and_repair(enum kb_engine_store store)
{
	WITH(f, s, .store = store);
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), 0);
	f.zeroed = true;
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), 0);
	assert_int_equal(load.loaded, 0); /* the database alone does not show it */
	f.zeroed_heals = true;
	assert_int_equal(bring(&f, &s, 1, true, &load, &err), 0);
	assert_int_equal(load.loaded, 1);
	assert_int_equal(f.removed, 1);
	expect_all_there(&f, &s, 1);
	assert_int_equal(f.containers_left, 0);
	assert_true((f.containers_made > 0) == (store == KB_ENGINE_CONTAINERD));
	DONE(f, s);
}

KB_TEST(content_that_was_lost_is_loaded_again)
{
	lose_and_repair(KB_ENGINE_LAYERS);
	lose_and_repair(KB_ENGINE_CONTAINERD);
	lose_and_repair(KB_ENGINE_PODMAN);
}

static void lose_for_good(enum kb_engine_store store)
{
	WITH(f, s, .store = store);
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), 0);
	f.zeroed = true;
	assert_int_equal(bring(&f, &s, 1, true, &load, &err), KB_E_DEPENDENCY);
	assert_non_null(strstr(err.text, "still damaged"));
	assert_null(fake_find(&f, "keybuzz/a:1"));
	assert_int_equal(f.containers_left, 0);
	DONE(f, s);
}

KB_TEST(content_that_stays_lost_is_never_called_good)
{
	lose_for_good(KB_ENGINE_LAYERS);
	lose_for_good(KB_ENGINE_CONTAINERD);
	lose_for_good(KB_ENGINE_PODMAN);
}

/* The damaged image was removed, then the load did not happen; what holds the
 * damaged layer is still there at the next run. */
KB_TEST(damage_is_not_forgotten_by_an_interrupted_repair)
{
	WITH(f, s, .store = KB_ENGINE_LAYERS);
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), 0);
	f.zeroed = true;
	f.load_error = "interrupted";
	assert_int_equal(bring(&f, &s, 1, true, &load, &err), KB_E_DEPENDENCY);
	assert_int_equal(f.n, 0);
	f.load_error = NULL;
	assert_int_equal(bring(&f, &s, 1, true, &load, &err), KB_E_DEPENDENCY);
	assert_non_null(strstr(err.text, "still damaged"));
	DONE(f, s);
}

KB_TEST(a_damaged_image_in_use_says_what_to_do)
{
	WITH(f, s, .store = KB_ENGINE_LAYERS);
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), 0);
	f.zeroed = true;
	f.images[0].in_use = true;
	assert_int_equal(bring(&f, &s, 1, true, &load, &err), KB_E_DEPENDENCY);
	assert_non_null(strstr(err.text, "docker rm -f"));
	assert_non_null(strstr(err.text, "container 0123"));
	DONE(f, s);
}

KB_TEST(an_export_that_fails_is_damage_unless_the_disk_is_full)
{
	WITH(f, s, .store = KB_ENGINE_LAYERS);
	kb_autoengine struct kb_engine *e = engine_of(&f);
	bool whole = true;

	assert_int_equal(bring(&f, &s, 1, false, &load, &err), 0);
	f.export_status = 500;
	assert_int_equal(kb_image_check_content(e, &s.m, s.all[0], NULL, &whole, &err), 0);
	assert_false(whole);
	f.silent = true;
	assert_int_equal(kb_image_check_content(e, &s.m, s.all[0], NULL, &whole, &err),
			 KB_E_TIMEOUT);
	DONE(f, s);
}

/* G2: the engine goes away at byte N of all it says, for every N. */
KB_TEST(an_engine_that_dies_anywhere_is_a_failed_dependency)
{
	struct fake_engine f = {0};
	struct kb_image_load again;
	struct kb_err err = {0};
	struct set s;
	size_t whole, failed = 0;

	make(&s, 100);
	fake_start(&f);
	assert_int_equal(bring(&f, &s, 2, false, NULL, &err), 0);
	fake_stop(&f);
	whole = f.said;
	assert_true(whole > 1000);
	for (size_t n = 1; n <= whole; n++) {
		struct fake_engine g = {.cut_at = n};
		struct kb_engine_options o = {.call_ms = 2000, .load_ms = 2000};
		struct kb_image_status status[2];
		struct kb_engine *e = NULL;
		int rc;

		fake_start(&g);
		o.socket = g.socket;
		rc = kb_engine_open(&o, &e, &err);
		if (rc == 0)
			rc = kb_image_present(e, &s.m, s.all, 2, false, NULL, status, &err);
		if (rc == 0)
			rc = kb_image_load(e, &s.feed, status, 2, NULL, NULL, &err);
		if (rc != 0)
			assert_int_equal(rc, KB_E_DEPENDENCY);
		failed += rc != 0;
		kb_engine_close(e);
		assert_int_equal(bring(&g, &s, 2, false, &again, &err), 0);
		if (n % 16 == 0)
			expect_all_there(&g, &s, 2);
		fake_stop(&g);
	}
	/* the last byte of an answer that is complete may go unnoticed, no other */
	assert_true(failed >= whole - 40);
	unmake(&s);
}

KB_TEST(a_budget_counts_what_is_missing_and_where)
{
	WITH(f, s, .store = KB_ENGINE_LAYERS);
	kb_autoengine struct kb_engine *e = engine_of(&f);
	struct kb_image_status status[3];
	struct kb_image_budget before, after;
	uint64_t layers = s.content[BASE].len + s.content[ONE].len + s.content[TWO].len;

	kb_image_present(e, &s.m, s.all, 3, false, NULL, status, NULL);
	assert_int_equal(kb_image_budget(e, &s.m, status, 3, &before, NULL), 0);
	assert_true(before.stream >= layers && before.stream < layers + (2 << 20));
	assert_int_equal(before.n_places, 1);
	assert_string_equal(before.places[0].path, kb_test_dir());
	assert_true(before.places[0].bytes > 2 * layers);
	assert_int_equal(bring(&f, &s, 1, false, &load, &err), 0);
	kb_image_present(e, &s.m, s.all, 3, false, NULL, status, NULL);
	assert_int_equal(kb_image_budget(e, &s.m, status, 3, &after, NULL), 0);
	assert_true(after.stream < before.stream);
	assert_int_equal(bring(&f, &s, 3, false, &load, &err), 0);
	kb_image_present(e, &s.m, s.all, 3, false, NULL, status, NULL);
	assert_int_equal(kb_image_budget(e, &s.m, status, 3, &after, NULL), 0);
	assert_int_equal(after.n_places, 0);
	DONE(f, s);
}

static int hear(const char *text, struct kb_image_answer *a, struct kb_err *err)
{
	int rc = 0;

	for (const char *c = text; *c && rc == 0; c++)
		rc = kb_image_answer_add(a, c, 1, err);
	return rc < 0 ? rc : kb_image_answer_end(a, err);
}

static void expect_words(const char *text, int code, const char *why)
{
	struct kb_image_answer a = {.line = KB_BUF_INIT};
	struct kb_err err = {0};

	assert_int_equal(hear(text, &a, &err), code);
	assert_non_null(strstr(err.text, why));
	kb_image_answer_free(&a);
}

KB_TEST(the_words_of_a_load_are_understood)
{
	kb_autobuf struct kb_buf endless = KB_BUF_INIT;

	expect_words("", 0, "");
	expect_words("\r\n \r\n{\"stream\":\"Loaded image: x\\n\"}", 0, "");
	expect_words("{\"error\":\"broken\\nmore\"}\r\n", KB_E_DEPENDENCY, "images: broken");
	expect_words("{\"errorDetail\":{}}", KB_E_DEPENDENCY, "no reason given");
	expect_words("{\"stream\":\"a\\nError unpacking image x: y\\n\"}", KB_E_DEPENDENCY,
		     "Error unpacking image x: y");
	expect_words("<html>", KB_E_DEPENDENCY, "not understood");
	expect_words("[]", KB_E_DEPENDENCY, "not understood");
	expect_words("{\"a\":", KB_E_DEPENDENCY, "not understood");
	while (endless.len <= KB_IMAGE_MESSAGE_MAX)
		kb_buf_puts(&endless, "{\"a\":\"0123456789");
	expect_words(endless.data, KB_E_DEPENDENCY, "more than 65536 bytes");
}

KB_TEST(progress_of_layers_adds_up)
{
	struct kb_image_answer a = {.line = KB_BUF_INIT};
#define AT(id, n) "{\"status\":\"x\",\"progressDetail\":{\"current\":" #n "},\"id\":\"" id "\"}\n"

	assert_int_equal(hear(AT("a", 5) AT("a", 9) AT("a", 7) AT("b", 1) AT("b", 4), &a, NULL), 0);
	assert_int_equal(a.before + a.current, 13);
	kb_image_answer_free(&a);
}

KB_TEST(oci_members_are_the_same_bytes_everywhere)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT;
	struct set s;
	char want[1200], base[65], one[65], conf[65];

	make(&s, 20000);
	kb_hex(s.blobs[s.index[BASE]].digest.b, 32, base);
	kb_hex(s.blobs[s.index[ONE]].digest.b, 32, one);
	kb_hex(s.blobs[s.index[CONFIG_A]].digest.b, 32, conf);
	kb_image_oci_manifest(&s.m, s.all[0], &text);
	snprintf(
		want, sizeof(want),
		"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
		"\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":"
		"\"sha256:%s\",\"size\":%zu},\"layers\":[{\"mediaType\":\"application/"
		"vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:%s\",\"size\":%zu},{"
		"\"mediaType\":"
		"\"application/"
		"vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:%s\",\"size\":%zu}]}",
		conf, s.content[CONFIG_A].len, base, s.content[BASE].len, one, s.content[ONE].len);
	assert_string_equal(text.data, want);
	kb_buf_clear(&text);
	kb_image_docker_list(&s.m, s.all, 1, false, &text);
	snprintf(want, sizeof(want),
		 "[{\"Config\":\"blobs/sha256/%s\",\"RepoTags\":null,\"Layers\":[\"blobs/sha256/"
		 "%s\","
		 "\"blobs/sha256/%s\"]}]",
		 conf, base, one);
	assert_string_equal(text.data, want);
	unmake(&s);
}
