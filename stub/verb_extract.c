#include <stdio.h>

#include "core/extract.h"
#include "stub/run.h"
#include "stub/setup.h"

static size_t take_words(struct kb_args *args, const char **words)
{
	size_t n = 0;

	while (n < KB_ARGS_MAX && (words[n] = kb_args_positional(args)))
		n++;
	return n;
}

static int take_folder(struct kb_args *args, char **ret_dir, struct kb_err *err)
{
	const char *dir = kb_args_option(args, "directory", 'C', NULL);

	if (!dir)
		return kb_err_set(err, KB_E_USAGE, "extract where? Say -C DIR");
	return kb_setup_path(dir, ret_dir, err);
}

static int run(struct kb_run *run_, struct kb_args *args, struct kb_err *err)
{
	const char *words[KB_ARGS_MAX];
	struct kb_bundle *bundle = NULL;
	kb_autofree char *dir = NULL;
	size_t n_words, written = 0;
	int rc;

	if ((rc = take_folder(args, &dir, err)) < 0 || (rc = kb_source_choose(run_, args, err)) < 0)
		return rc;
	n_words = take_words(args, words);
	if ((rc = kb_source_open(run_, args, &bundle, err)) < 0)
		return rc;
	rc = kb_extract(bundle, dir, words, n_words, kb_report_progress(&run_->report), &written,
			err);
	if (rc == 0 && !run_->json)
		printf("%zu files written to %s\n", written, dir);
	kb_json_key_u64(&run_->out, "written", written);
	kb_bundle_close(bundle);
	return rc;
}

const struct kb_verb kb_verb_extract = {
	.name = "extract",
	.summary = "write files and images of the bundle into a folder",
	.usage = "extract [PATH..] -C DIR",
	.help = "Payload files go to DIR/files, images to DIR/images/NAME.tar, as `docker load`\n"
		"reads them. PATH is one of these or a folder of them; without one everything is\n"
		"written. Replaces nothing, executes nothing, needs no root.\n",
	.acts = true,
	.run = run,
};
