#include <stdio.h>

#include "builder/cmd.h"
#include "builder/site.h"
#include "core/json.h"

/* main() adds the line with the exit status. */
static void print_json(const struct kb_diag *diag)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	struct kb_json j;

	kb_json_init(&j, &out);
	kb_json_object(&j);
	kb_json_key(&j, "diagnostics");
	kb_json_array(&j);
	for (size_t i = 0; i < diag->n; i++) {
		kb_json_object(&j);
		kb_json_key_text(&j, "file", diag->items[i].file);
		kb_json_key_u64(&j, "line", diag->items[i].line);
		kb_json_key_u64(&j, "column", diag->items[i].column);
		kb_json_key_text(&j, "text", diag->items[i].text);
		kb_json_object_end(&j);
	}
	kb_json_array_end(&j);
	kb_json_key_u64(&j, "errors", kb_diag_count(diag));
	kb_json_object_end(&j);
	kb_json_finish(&j);
	printf("%s\n", out.data);
}

static int run(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	struct kb_site *site = NULL;
	int r = kb_args_end(args, err);

	if (r < 0)
		return r;
	r = kb_site_load(b->site_dir, &site, &diag, err);
	if (b->json)
		print_json(&diag);
	else
		kb_diag_print(&diag, stderr);
	if (kb_diag_count(&diag))
		r = kb_err_set(err, r, "%s: %zu error%s", b->site_dir, kb_diag_count(&diag),
			       kb_diag_count(&diag) == 1 ? "" : "s");
	if (r == 0 && !b->json && !b->quiet)
		printf("%zu roles, %zu images, %zu hosts: no errors\n", site->n_roles,
		       site->n_images, kb_inventory_count(site->inventory));
	kb_site_free(site);
	return r;
}

const struct kb_cmd cmd_lint = {
	.name = "lint",
	.summary = "check manifests, templates and payload",
	.usage = "lint",
	.help = "Reads the whole site and prints every error as FILE:LINE:COLUMN: TEXT.\n"
		"Needs no network and writes nothing. Exit 22 when there are errors.\n",
	.run = run,
};
