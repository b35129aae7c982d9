/* Bytes that were signed are still input. What is accepted has one encoding,
 * can be looked up, and is shown as JSON that our own reader takes. */
#include "tests/fuzz/fuzz.h"

#include "core/bundle_private.h"
#include "core/json.h"
#include "core/json_read.h"
#include "core/show.h"
#include "core/utf8.h"

static void show(struct kb_bundle *bundle)
{
	kb_autobuf struct kb_buf text = KB_BUF_INIT, json = KB_BUF_INIT;
	struct kb_value *back = NULL;
	struct kb_json j;

	kb_show_info(bundle, &text);
	kb_show_list(bundle, &text);
	KB_MUST(kb_utf8_valid(text.data, text.len));
	kb_json_init(&j, &json);
	kb_json_object(&j);
	kb_show_info_json(bundle, &j);
	kb_json_object_end(&j);
	kb_json_finish(&j);
	KB_MUST(kb_json_parse("info", json.data, json.len, &back, NULL) == 0);
	kb_value_free(back);
}

static void look_up(const struct kb_manifest *m)
{
	for (size_t i = 0; i < m->n_files; i++)
		KB_MUST(kb_manifest_file(m, m->files[i].path) == &m->files[i]);
	for (size_t i = 0; i < m->n_blobs; i++)
		KB_MUST(kb_manifest_blob(m, &m->blobs[i].digest) == (long)i);
	for (size_t i = 0; i < m->n_images; i++)
		KB_MUST(kb_manifest_image(m, m->images[i].name) == &m->images[i]);
	for (size_t i = 0; i < m->n_steps; i++)
		KB_MUST(kb_manifest_step(m, m->steps[i].id) == &m->steps[i]);
}

KB_FUZZ(manifest)
{
	struct kb_manifest *m = NULL;
	struct kb_bundle bundle = {.fd = -1, .name = NULL};
	kb_autobuf struct kb_buf again = KB_BUF_INIT;
	struct kb_err err = {.code = 0};
	int rc = kb_manifest_read(data, len, &m, &err);

	if (rc < 0) {
		KB_MUST(err.code == rc && (rc == KB_E_INVALID || rc == KB_E_PATH));
		return 0;
	}
	kb_manifest_write(m, &again);
	KB_MUST(again.len == len && memcmp(again.data, data, len) == 0);
	look_up(m);
	bundle.manifest = m;
	show(&bundle);
	kb_manifest_free(m);
	return 0;
}
