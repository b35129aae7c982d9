#include <stdio.h>

#include "core/show.h"
#include "stub/run.h"

typedef void show_text_fn(const struct kb_bundle *bundle, struct kb_buf *out);
typedef void show_json_fn(const struct kb_bundle *bundle, struct kb_json *j);

static int show(struct kb_run *run, struct kb_args *args, show_text_fn *text, show_json_fn *json,
		struct kb_err *err)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_bundle *bundle = NULL;
	int rc = kb_source_open(run, args, &bundle, err);

	if (rc < 0)
		return rc;
	if (run->json) {
		json(bundle, &run->out);
	} else {
		text(bundle, &out);
		fwrite(out.data, 1, out.len, stdout);
	}
	kb_bundle_close(bundle);
	return 0;
}

static int run_info(struct kb_run *run, struct kb_args *args, struct kb_err *err)
{
	return show(run, args, kb_show_info, kb_show_info_json, err);
}

static int run_list(struct kb_run *run, struct kb_args *args, struct kb_err *err)
{
	return show(run, args, kb_show_list, kb_show_list_json, err);
}

const struct kb_verb kb_verb_info = {
	.name = "info",
	.summary = "what the bundle is, who signed it, what it needs",
	.usage = "info [--json] [--trust-dir DIR | --trust-fingerprint HEX]",
	.help = "Reads the signed manifest only, whatever the size of the bundle. Needs no root.\n",
	.run = run_info,
};

const struct kb_verb kb_verb_list = {
	.name = "list",
	.summary = "files, images, packages and steps of the bundle",
	.usage = "list [--json] [--trust-dir DIR | --trust-fingerprint HEX]",
	.help = "Reads the signed manifest only, whatever the size of the bundle. Needs no root.\n",
	.run = run_list,
};
