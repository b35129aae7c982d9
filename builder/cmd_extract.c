#include <stdio.h>

#include "builder/cmd.h"
#include "builder/open.h"
#include "core/extract.h"

enum { WANTED_MAX = 256 };

static int take_wanted(struct kb_args *args, const char **wanted, size_t *ret_n, struct kb_err *err)
{
	size_t n = 0;
	const char *word;

	while ((word = kb_args_positional(args))) {
		if (n == WANTED_MAX)
			return kb_err_set(err, KB_E_USAGE, "more than %d paths", WANTED_MAX);
		wanted[n++] = word;
	}
	*ret_n = n;
	return kb_args_end(args, err);
}

static int run(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	const char *path, *wanted[WANTED_MAX], *dir = kb_args_option(args, "directory", 'C', NULL);
	struct kb_bundle *bundle = NULL;
	struct kb_trust_choice choice;
	struct kb_progress progress;
	size_t n = 0, written = 0;
	struct kb_meter *meter;
	struct kb_trust trust;
	int rc;

	kb_open_trust_take(args, &choice);
	if ((rc = kb_open_path_take(args, &path, err)) < 0 ||
	    (rc = take_wanted(args, wanted, &n, err)) < 0)
		return rc;
	if (!dir)
		return kb_err_set(err, KB_E_USAGE, "extract: -C DIR says where to");
	if ((rc = kb_open_trust(&choice, &trust, err)) < 0 ||
	    (rc = kb_open_path(path, &trust, &bundle, err)) < 0)
		return rc;
	meter = kb_meter_new(b->quiet, b->json);
	kb_meter_progress(meter, &progress);
	rc = kb_extract(bundle, dir, wanted, n, &progress, &written, err);
	kb_meter_free(meter);
	kb_bundle_close(bundle);
	if (rc == 0 && !b->json)
		printf("%zu files below %s\n", written, dir);
	return rc;
}

const struct kb_cmd cmd_extract = {
	.name = "extract",
	.summary = "write a bundle's content as ordinary files",
	.usage = "extract X.run [PATH..] -C DIR [--trust-dir DIR | --trust-fingerprint HEX]",
	.help = "files/.. is the payload, images/NAME.tar what `docker load` reads,\n"
		"packages/.. the OS packages. Nothing that exists is written over.\n"
		"\nExamples:\n  keybuzz-bundle extract keybuzz-redis.run -C /tmp/redis\n"
		"  keybuzz-bundle extract keybuzz-redis.run files/roles -C /tmp/redis\n",
	.run = run,
};
