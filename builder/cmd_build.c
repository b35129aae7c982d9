#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/cmd.h"
#include "builder/compose.h"
#include "builder/pack.h"
#include "builder/provenance.h"
#include "builder/sbom.h"
#include "builder/sums.h"
#include "core/chunk.h"
#include "core/file.h"
#include "core/show.h"

enum { DEFAULT_LEVEL = 3 };

struct build {
	const struct kb_builder *b;
	const char *out_dir;
	struct kb_pack pack;
	struct kb_site *site;
	struct kb_lock *lock;
	struct kb_manifest **manifests; /* of all roles, also those not built */
	bool *wanted;
};

static int load_inputs(struct build *build, struct kb_err *err)
{
	kb_autodiag struct kb_diag diag = KB_DIAG_INIT;
	int rc = kb_site_load(build->b->site_dir, &build->site, &diag, err);

	if (rc == 0)
		rc = kb_lock_load(build->site, &build->lock, err);
	if (rc == 0)
		rc = kb_lock_compare(build->lock, build->site, &diag, err);
	if (kb_diag_count(&diag))
		kb_diag_print(&diag, stderr);
	return rc;
}

/* Which roles to write; all when none is named. */
static int take_roles(struct build *build, struct kb_args *args, struct kb_err *err)
{
	const struct kb_site *site = build->site;
	const char *name;
	bool any = false;

	build->wanted = kb_alloc(site->n_roles, sizeof(*build->wanted));
	while ((name = kb_args_positional(args))) {
		const struct kb_role *role = kb_site_role(site, name);

		if (!role)
			return kb_err_set(err, KB_E_USAGE, "the site %s has no role %s", site->dir,
					  name);
		build->wanted[role - site->roles] = any = true;
	}
	for (size_t i = 0; !any && i < site->n_roles; i++)
		build->wanted[i] = true;
	return kb_args_end(args, err);
}

/* Every role is composed, because each bundle names the set it belongs to. */
static int compose_all(struct build *build, struct kb_err *err)
{
	const struct kb_site *site = build->site;
	struct kb_digest set;

	build->manifests = kb_alloc(site->n_roles, sizeof(*build->manifests));
	for (size_t i = 0; i < site->n_roles; i++) {
		int rc = kb_compose(site, build->lock, build->pack.store, &site->roles[i],
				    &build->manifests[i], err);

		if (rc < 0)
			return rc;
	}
	kb_release_set(build->manifests, site->n_roles, &set);
	for (size_t i = 0; i < site->n_roles; i++)
		build->manifests[i]->release_set = set;
	return 0;
}

static int write_bundles(struct build *build, struct kb_err *err)
{
	int rc = kb_mkdirs(build->out_dir, 0755, err);

	for (size_t i = 0; rc == 0 && i < build->site->n_roles; i++) {
		struct kb_manifest *m = build->manifests[i];
		kb_autofree char *path =
			kb_format("%s/%s-%s.run", build->out_dir, m->product, m->role);

		if (!build->wanted[i])
			continue;
		rc = kb_pack_write(&build->pack, m, path, err);
		if (rc == 0)
			rc = kb_sbom_write(m, build->lock, build->pack.store, build->out_dir, err);
		if (rc == 0 && !build->b->json)
			printf("%s  %s\n", path, kb_show_size(m->total_size));
	}
	return rc;
}

/* How it was made, and the sums that vouch for all of it. */
static int write_evidence(struct build *build, struct kb_err *err)
{
	struct kb_key signer;
	struct kb_provenance p = {build->site, build->pack.store, &signer, build->manifests,
				  build->wanted};
	int rc;

	kb_secret_key_public(build->pack.key, &signer);
	rc = kb_provenance_write(&p, build->out_dir, err);
	return rc < 0 ? rc : kb_sums_write(build->out_dir, build->pack.store, build->pack.key, err);
}

static void release(struct build *build)
{
	for (size_t i = 0; build->manifests && i < build->site->n_roles; i++)
		kb_manifest_free(build->manifests[i]);
	free(build->manifests);
	free(build->wanted);
	kb_lock_free(build->lock);
	kb_site_free(build->site);
	kb_store_close(build->pack.store);
}

static int run(const struct kb_builder *b, struct kb_args *args, struct kb_err *err)
{
	struct build build = {.b = b};
	struct kb_meter *meter = kb_meter_new(b->quiet, b->json);
	struct kb_secret_key *key = NULL;
	struct kb_progress progress;
	kb_autofree char *stub = kb_pack_default_stub();
	const char *key_path;
	int rc;

	kb_meter_progress(meter, &progress);
	build.out_dir = kb_args_option(args, "out", 'o', "dist");
	build.pack.stub = kb_args_option(args, "stub", 0, stub);
	build.pack.level =
		(int)kb_args_number(args, "level", KB_LEVEL_MIN, KB_LEVEL_MAX, DEFAULT_LEVEL);
	build.pack.progress = &progress;
	key_path = kb_args_option(args, "key", 0, NULL);
	if (!key_path)
		rc = kb_err_set(err, KB_E_USAGE,
				"build: --key FILE is needed; make one with "
				"keybuzz-bundle keygen NAME");
	else if ((rc = load_inputs(&build, err)) == 0 &&
		 (rc = take_roles(&build, args, err)) == 0 &&
		 (rc = kb_secret_key_load(key_path, &key, err)) == 0 &&
		 (rc = kb_store_open(b->store_dir, &build.pack.store, err)) == 0 &&
		 (rc = compose_all(&build, err)) == 0) {
		build.pack.key = key;
		rc = write_bundles(&build, err);
		if (rc == 0)
			rc = write_evidence(&build, err);
	}
	release(&build);
	kb_secret_key_free(key);
	kb_meter_free(meter);
	return rc;
}

const struct kb_cmd cmd_build = {
	.name = "build",
	.summary = "write signed bundles from lock, store and payload; no network",
	.usage = "build [ROLE..] [-o DIR] --key FILE [--level N] [--stub FILE]",
	.help = "Writes DIR/keybuzz-ROLE.run (default dist/) for the roles named, or all, with\n"
		"sbom/ROLE.spdx.json, provenance.intoto.json, and SHA256SUMS signed for openssl,\n"
		"ssh-keygen and minisign. The same inputs give the same bytes: no date, no host,\n"
		"no number of cores is in them. --level is zstd's, 1 to 19 (default 3; 19\n"
		"for a release); compressed content is kept in the store and not made twice,\n"
		"and a bundle that would come out the same and lies untouched is left.\n"
		"\nExamples:\n  keybuzz-bundle build --key release.key\n"
		"  keybuzz-bundle build redis -o /media/usb --key release.key --level 19\n",
	.run = run,
};
