#include <stdio.h>

#include "core/show.h"
#include "stub/run.h"

static void tell(struct kb_run *run, const struct kb_bundle *bundle)
{
	const struct kb_manifest *m = kb_bundle_manifest(bundle);
	struct kb_digest signer;

	kb_key_fingerprint(kb_bundle_signer(bundle), &signer);
	kb_json_key_text(&run->out, "role", m->role);
	kb_json_key_text(&run->out, "version", m->version);
	kb_json_key_text(&run->out, "manifest", kb_digest_hex(kb_bundle_id(bundle)));
	kb_json_key_text(&run->out, "signer", kb_digest_hex(&signer));
	kb_json_key_u64(&run->out, "bytes", m->total_size);
	if (!run->json)
		printf("%s %s: good, %s in %zu chunks, signed by %s\n", m->role, m->version,
		       kb_show_size(m->total_size), m->n_chunks, kb_digest_hex(&signer));
}

static int run(struct kb_run *run_, struct kb_args *args, struct kb_err *err)
{
	struct kb_bundle *bundle = NULL;
	int rc = kb_source_open(run_, args, &bundle, err);

	if (rc < 0)
		return rc;
	rc = kb_bundle_verify(bundle, kb_report_progress(&run_->report), err);
	if (rc == 0)
		tell(run_, bundle);
	kb_bundle_close(bundle);
	return rc;
}

const struct kb_verb kb_verb_verify = {
	.name = "verify",
	.summary = "check every byte of the bundle against its signature",
	.usage = "verify [--json] [--trust-dir DIR | --trust-fingerprint HEX]",
	.help = "Signature, program and every chunk, in one pass on all cores. Executes nothing,\n"
		"opens no file but the bundle and the trust anchors, needs no root.\n",
	.run = run,
};
