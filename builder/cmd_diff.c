#include <stdio.h>

#include "builder/cmd.h"
#include "builder/diff_show.h"
#include "builder/open.h"

static int load(void *ctx, uint32_t blob, size_t max, struct kb_buf *buf, struct kb_err *err)
{
	return kb_bundle_load(ctx, blob, max, buf, err);
}

static void side_of(struct kb_bundle *bundle, struct kb_diff_side *ret_side)
{
	*ret_side = (struct kb_diff_side){kb_bundle_name(bundle), kb_bundle_manifest(bundle),
					  kb_bundle_id(bundle), load, bundle};
}

static int show(const struct kb_builder *b, struct kb_bundle *first, struct kb_bundle *second,
		struct kb_err *err)
{
	kb_autodiff struct kb_diff diff;
	struct kb_diff_side a, c;

	side_of(first, &a);
	side_of(second, &c);
	kb_diff_make(&a, &c, &diff);
	return (b->json ? kb_diff_show_json : kb_diff_show_text)(&diff, &a, &c, stdout, err);
}

static int run(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	struct kb_bundle *first = NULL, *second = NULL;
	const char *paths[2];
	struct kb_trust_choice choice;
	struct kb_trust trust;
	int rc;

	kb_open_trust_take(args, &choice);
	if ((rc = kb_open_path_take(args, &paths[0], err)) < 0 ||
	    (rc = kb_open_path_take(args, &paths[1], err)) < 0 ||
	    (rc = kb_args_end(args, err)) < 0 || (rc = kb_open_trust(&choice, &trust, err)) < 0)
		return rc;
	rc = kb_open_path(paths[0], &trust, &first, err);
	if (rc == 0)
		rc = kb_open_path(paths[1], &trust, &second, err);
	if (rc == 0)
		rc = show(b, first, second, err);
	kb_bundle_close(first);
	kb_bundle_close(second);
	return rc;
}

const struct kb_cmd cmd_diff = {
	.name = "diff",
	.summary = "what changes from one bundle to another",
	.usage = "diff A.run B.run [--trust-dir DIR | --trust-fingerprint HEX] [--json]",
	.help = "Both must be signed by a trusted key. Shows the release, what the role needs,\n"
		"what it is given on the host (paths, owners, ports, credentials, scripts run as\n"
		"root), files, images, packages, steps and how it is packed: - only in A, + only\n"
		"in B, ~ changed. Texts follow as a patch. Two signatures on one content are no\n"
		"difference. Exit 0 also when they differ: --json says {\"equal\": false}.\n"
		"Reads the manifests and the changed texts only, whatever the bundles' size.\n"
		"\nExamples:\n"
		"  keybuzz-bundle diff old/keybuzz-redis.run dist/keybuzz-redis.run --trust-dir t\n"
		"  keybuzz-bundle diff A.run B.run --json | head -n 1 | jq .privileges\n",
	.run = run,
};
