#include <stdio.h>

#include "builder/cmd.h"
#include "builder/diff_show.h"
#include "builder/open.h"
#include "builder/pack.h"
#include "builder/rebuild.h"
#include "builder/rebuild_site.h"
#include "core/chunk.h"
#include "core/json.h"
#include "core/show.h"

static int load_of_bundle(void *ctx, uint32_t blob, size_t max, struct kb_buf *buf,
			  struct kb_err *err)
{
	return kb_bundle_load(ctx, blob, max, buf, err);
}

struct from_site {
	struct kb_store *store;
	const struct kb_manifest *m;
};

static int load_of_store(void *ctx, uint32_t blob, size_t max, struct kb_buf *buf,
			 struct kb_err *err)
{
	const struct from_site *from = ctx;

	return kb_store_get(from->store, &from->m->blobs[blob].digest, max, buf, err);
}

/* Not what the site gives: say how it differs, as `diff` does. */
static int show_difference(const struct kb_builder *b, struct kb_bundle *bundle,
			   struct kb_store *store, const struct kb_manifest *m, struct kb_err *err)
{
	struct from_site from = {store, m};
	struct kb_diff_side x = {kb_bundle_name(bundle), kb_bundle_manifest(bundle), NULL,
				 load_of_bundle, bundle};
	struct kb_diff_side site = {b->site_dir, m, NULL, load_of_store, &from};
	kb_autodiff struct kb_diff diff;
	int rc;

	kb_diff_make(&x, &site, &diff);
	rc = (b->json ? kb_diff_show_json : kb_diff_show_text)(&diff, &x, &site, stdout, err);
	if (rc < 0)
		return rc;
	return kb_err_set(err, KB_E_DAMAGED,
			  "%s: its content is not what %s gives, %zu entries differ; A is the "
			  "bundle, B the site",
			  kb_bundle_name(bundle), b->site_dir, diff.n);
}

static int compose(const struct kb_builder *b, struct kb_bundle *bundle, struct kb_store *store,
		   struct kb_manifest **ret_m, struct kb_err *err)
{
	const struct kb_manifest *x = kb_bundle_manifest(bundle);
	int rc = kb_rebuild_compose(b->site_dir, store, x->role, ret_m, err);

	if (rc < 0)
		return rc;
	if (!kb_digest_eq(&x->content_id, &(*ret_m)->content_id))
		return show_difference(b, bundle, store, *ret_m, err);
	if (!kb_digest_eq(&x->release_set, &(*ret_m)->release_set))
		return kb_err_set(err, KB_E_DAMAGED,
				  "%s: its content is what %s gives, but another role of the "
				  "release is not: the release set differs",
				  kb_bundle_name(bundle), b->site_dir);
	return 0;
}

static void report(const struct kb_builder *b, const struct kb_bundle *bundle,
		   enum kb_rebuild_result result)
{
	const struct kb_manifest *m = kb_bundle_manifest(bundle);
	kb_autobuf struct kb_buf line = KB_BUF_INIT;
	struct kb_json j;

	if (b->json) {
		kb_json_init(&j, &line);
		kb_json_object(&j);
		kb_json_key_text(&j, "file", kb_bundle_name(bundle));
		kb_json_key_text(&j, "result",
				 result == KB_REBUILD_IDENTICAL ? "identical"
								: "content identical");
		kb_json_key_text(&j, "bundle", kb_digest_hex(kb_bundle_id(bundle)));
		kb_json_key_text(&j, "content", kb_digest_hex(&m->content_id));
		kb_json_key_text(&j, "builder", m->builder);
		kb_json_key_text(&j, "zstd", m->zstd);
		kb_json_object_end(&j);
		printf("%s\n", line.data);
	} else if (result == KB_REBUILD_IDENTICAL) {
		printf("%s: identical, %s in %zu chunks; made by %s, zstd %s level %u\n",
		       kb_bundle_name(bundle), kb_show_size(m->total_size), m->n_chunks, m->builder,
		       m->zstd, m->level);
	} else {
		printf("%s: content identical, id %s; bytes not comparable: it was made by zstd "
		       "%s, this is %s\n",
		       kb_bundle_name(bundle), kb_digest_hex(&m->content_id), m->zstd,
		       kb_zstd_version());
	}
}

static int check(const struct kb_builder *b, struct kb_bundle *bundle, const char *stub,
		 bool from_site, struct kb_err *err)
{
	kb_autostore struct kb_store *store = NULL;
	struct kb_meter *meter = kb_meter_new(b->quiet, b->json);
	struct kb_manifest *m = NULL;
	enum kb_rebuild_result result;
	struct kb_progress progress;
	int rc = kb_store_open(b->store_dir, &store, err);

	kb_meter_progress(meter, &progress);
	if (rc == 0)
		rc = from_site ? compose(b, bundle, store, &m, err)
			       : kb_rebuild_manifest(bundle, &m, err);
	if (rc == 0) {
		struct kb_rebuild r = {store, stub, &progress};

		rc = kb_rebuild_check(&r, bundle, m, &result, err);
	}
	kb_meter_free(meter);
	kb_manifest_free(m);
	if (rc == 0)
		report(b, bundle, result);
	return rc;
}

static int run(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	kb_autofree char *beside = kb_pack_default_stub();
	const char *stub = kb_args_option(args, "stub", 0, beside);
	bool checks = kb_args_flag(args, "check", 0);
	bool from_site = kb_args_flag(args, "from-site", 0);
	struct kb_bundle *bundle = NULL;
	int rc = kb_open_bundle(args, &bundle, err);

	if (rc == 0 && !checks)
		rc = kb_err_set(err, KB_E_USAGE,
				"rebuild: --check is needed; it writes nothing, build does");
	if (rc == 0)
		rc = check(b, bundle, stub, from_site, err);
	kb_bundle_close(bundle);
	return rc;
}

const struct kb_cmd cmd_rebuild = {
	.name = "rebuild",
	.summary = "prove that a bundle is what its manifest and the store give",
	.usage = "rebuild --check X.run [--from-site] [--stub FILE] [--trust-dir DIR | "
		 "--trust-fingerprint HEX]",
	.help = "Builds X.run again from its own manifest, the store and the host program beside\n"
		"this one, comparing while it compresses; needs no signing key and writes no\n"
		"bundle. Says `identical`, or names the first entry that differs (exit 20) or is\n"
		"missing (exit 50). Signatures are not compared. When X.run was made by another\n"
		"zstd its bytes cannot be the same: its content is compared and the answer is\n"
		"`content identical`, exit 0. With --from-site the manifest too is made anew, "
		"from\n"
		"manifests, lock and payload, and what differs is shown as `diff` does.\n"
		"\nExamples:\n"
		"  keybuzz-bundle rebuild --check dist/keybuzz-redis.run --trust-dir "
		"build/dev-trust\n"
		"  keybuzz-bundle rebuild --check X.run --from-site --trust-fingerprint HEX\n",
	.run = run,
};
