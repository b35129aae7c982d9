#include <stdio.h>

#include "builder/cmd.h"
#include "builder/open.h"
#include "core/show.h"

static int run(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	struct kb_meter *meter = kb_meter_new(b->quiet, b->json);
	struct kb_bundle *bundle = NULL;
	struct kb_progress progress;
	int rc = kb_open_bundle(args, &bundle, err);

	kb_meter_progress(meter, &progress);
	if (rc == 0)
		rc = kb_bundle_verify(bundle, &progress, err);
	kb_meter_free(meter);
	if (rc == 0 && !b->json)
		printf("%s %s: good, %s in %zu chunks\n", kb_bundle_manifest(bundle)->role,
		       kb_bundle_manifest(bundle)->version,
		       kb_show_size(kb_bundle_manifest(bundle)->total_size),
		       kb_bundle_manifest(bundle)->n_chunks);
	kb_bundle_close(bundle);
	return rc;
}

const struct kb_cmd cmd_verify = {
	.name = "verify",
	.summary = "check every byte of a bundle against its signature",
	.usage = "verify X.run [--trust-dir DIR | --trust-fingerprint HEX]",
	.help = "Signature, stub and every chunk, in one pass on all cores. The key must be in\n"
		"DIR (default /etc/keybuzz/trust) or have the fingerprint given.\n"
		"\nExample:\n  keybuzz-bundle verify dist/keybuzz-redis.run --trust-dir "
		"build/dev-trust\n",
	.run = run,
};
