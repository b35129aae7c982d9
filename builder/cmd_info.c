#include <stdio.h>

#include "builder/cmd.h"
#include "builder/open.h"
#include "core/json.h"
#include "core/show.h"

typedef void show_text_fn(const struct kb_bundle *bundle, struct kb_buf *out);
typedef void show_json_fn(const struct kb_bundle *bundle, struct kb_json *j);

static int show(const struct kb_builder *b, struct kb_args *args, show_text_fn *text,
		show_json_fn *json, struct kb_err *err)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_bundle *bundle = NULL;
	struct kb_json j;
	int rc = kb_open_bundle(args, &bundle, err);

	if (rc == 0 && b->json) {
		kb_json_init(&j, &out);
		kb_json_object(&j);
		json(bundle, &j);
		kb_json_object_end(&j);
		kb_buf_putc(&out, '\n');
	} else if (rc == 0) {
		text(bundle, &out);
	}
	if (out.len)
		fwrite(out.data, 1, out.len, stdout);
	kb_bundle_close(bundle);
	return rc;
}

static int run_info(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	return show(b, args, kb_show_info, kb_show_info_json, err);
}

static int run_list(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	return show(b, args, kb_show_list, kb_show_list_json, err);
}

const struct kb_cmd cmd_info = {
	.name = "info",
	.summary = "what a bundle is, who signed it, what it needs",
	.usage = "info X.run [--trust-dir DIR | --trust-fingerprint HEX] [--json]",
	.help = "Reads the signed manifest only, whatever the size of the bundle.\n"
		"\nExample:\n  keybuzz-bundle info dist/keybuzz-redis.run --trust-dir "
		"build/dev-trust\n",
	.run = run_info,
};

const struct kb_cmd cmd_list = {
	.name = "list",
	.summary = "files, images, packages and steps of a bundle",
	.usage = "list X.run [--trust-dir DIR | --trust-fingerprint HEX] [--json]",
	.help = "Reads the signed manifest only, whatever the size of the bundle.\n"
		"\nExample:\n  keybuzz-bundle list dist/keybuzz-redis.run --trust-dir "
		"build/dev-trust\n",
	.run = run_list,
};
