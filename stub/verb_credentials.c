#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/path.h"
#include "stub/credential_file.h"
#include "stub/credential_make.h"
#include "stub/credentials.h"
#include "stub/lock.h"
#include "stub/run.h"
#include "stub/target.h"

/* The folder, and what happened in it. */
struct making {
	struct kb_run *run;
	const struct kb_manifest *m;
	int dirfd;
	size_t made, hosts, changed;
};

/* A host that makes its own has others than its peers. */
static int check_place(const struct kb_run *run, const struct kb_manifest *m,
		       const struct kb_inventory *inventory, struct kb_err *err)
{
	struct kb_inventory_filter filter;
	const struct kb_host *self;

	kb_target_filter(m, &filter);
	if (kb_target_self(run, inventory, &self, err) < 0)
		return 0; /* none of the site's hosts */
	if (!kb_inventory_match(self, &filter) || strcmp(self->role, "orchestrator") == 0)
		return 0;
	return kb_err_set(err, KB_E_TARGET,
			  "%s is a host of %s, which is given its credentials: make them on the "
			  "orchestrator, and copy hosts/%s/*.env here",
			  self->name, m->role, self->name);
}

static int open_folder(const struct kb_run *run, int *ret_fd, struct kb_err *err)
{
	int rc = kb_mkdirs(run->credentials, 0700, err);

	if (rc < 0 || (rc = kb_credential_folder_open(run->credentials, ret_fd, err)) < 0)
		return rc;
	return kb_path_sweep(*ret_fd, err);
}

/* The credentials from I on that are of one module. */
static size_t module_end(const struct kb_manifest *m, size_t i)
{
	size_t end = i;

	while (end < m->n_credentials &&
	       strcmp(m->credentials[end].module, m->credentials[i].module) == 0)
		end++;
	return end;
}

static void tell_made(struct making *k, const char *module, const char **made, size_t n)
{
	struct kb_json *j = &k->run->out;

	for (size_t i = 0; i < n; i++) {
		kb_json_object(j);
		kb_json_key_text(j, "module", module);
		kb_json_key_text(j, "variable", made[i]);
		kb_json_object_end(j);
		if (!k->run->json)
			printf("%s.env: made %s\n", module, made[i]);
	}
	k->made += n;
}

static int make_all(struct making *k, struct kb_err *err)
{
	const struct kb_manifest *m = k->m;
	kb_autofree const char **made = kb_alloc(2 * m->n_credentials, sizeof(*made));

	for (size_t i = 0, end, n = 0; i < m->n_credentials; i = end) {
		const struct kb_credential *c = &m->credentials[i];
		int rc;

		end = module_end(m, i);
		rc = kb_credential_make(k->dirfd, k->run->credentials, c, end - i, made, &n, err);
		if (rc < 0)
			return rc;
		tell_made(k, c->module, made, n);
	}
	return 0;
}

/* What hosts would refuse is not handed out. */
static int check_all(const struct making *k, struct kb_err *err)
{
	kb_autoproblems struct kb_problems problems = KB_PROBLEMS_INIT;
	struct kb_credentials *credentials = NULL;

	kb_credentials_load(k->run->credentials, k->m, &credentials, &problems);
	kb_credentials_free(credentials);
	kb_problems_print(&problems);
	return kb_problems_result(&problems, err);
}

static int hand_out_to(struct making *k, const char *host, struct kb_err *err)
{
	const struct kb_manifest *m = k->m;
	bool changed = false;

	for (size_t i = 0, end; i < m->n_credentials; i = end) {
		int rc;

		end = module_end(m, i);
		rc = kb_credential_hand_out(k->dirfd, k->run->credentials, host, &m->credentials[i],
					    end - i, &changed, err);
		if (rc < 0)
			return rc;
	}
	k->hosts++;
	k->changed += changed;
	kb_json_text(&k->run->out, host);
	if (!k->run->json)
		printf("hosts/%s: %s\n", host, changed ? "written" : "as it was");
	return 0;
}

static int hand_out(struct making *k, const struct kb_inventory *inventory, struct kb_err *err)
{
	struct kb_inventory_filter filter;
	const struct kb_host *host;
	size_t at = 0;
	int rc;

	kb_target_filter(k->m, &filter);
	while ((host = kb_inventory_next(inventory, &filter, &at)) != NULL)
		if ((rc = hand_out_to(k, host->name, err)) < 0)
			return rc;
	return 0;
}

static int make(struct making *k, const struct kb_inventory *inventory, struct kb_err *err)
{
	struct kb_json *j = &k->run->out;
	int rc;

	kb_json_key_text(j, "role", k->m->role);
	kb_json_key_text(j, "folder", k->run->credentials);
	kb_json_key(j, "made");
	kb_json_array(j);
	rc = make_all(k, err);
	kb_json_array_end(j);
	if (rc < 0 || (rc = check_all(k, err)) < 0)
		return rc;
	kb_json_key(j, "hosts");
	kb_json_array(j);
	rc = hand_out(k, inventory, err);
	kb_json_array_end(j);
	if (rc == 0 && !k->run->json)
		printf("%s: %zu made; new files for %zu of %zu hosts in %s/hosts\n", k->m->role,
		       k->made, k->changed, k->hosts, k->run->credentials);
	return rc;
}

static int run_locked(struct kb_run *run, struct kb_bundle *bundle, struct kb_err *err)
{
	kb_autounlock int lock = -1;
	kb_autoinventory struct kb_inventory *inventory = NULL;
	struct making k = {.run = run, .m = kb_bundle_manifest(bundle), .dirfd = -1};
	kb_autoclose int dirfd = -1;
	int rc;

	if (k.m->n_credentials == 0) {
		if (!run->json)
			printf("%s: needs no credentials\n", k.m->role);
		return 0;
	}
	if ((rc = kb_target_inventory(run, bundle, &inventory, err)) < 0 ||
	    (rc = check_place(run, k.m, inventory, err)) < 0 ||
	    (rc = kb_lock_take(run->rootfd, &lock, err)) < 0)
		return rc;
	if ((rc = open_folder(run, &dirfd, err)) < 0)
		return rc;
	k.dirfd = dirfd;
	return make(&k, inventory, err);
}

static int run(struct kb_run *run_, struct kb_args *args, struct kb_err *err)
{
	struct kb_bundle *bundle = NULL;
	int rc = kb_source_open(run_, args, &bundle, err);

	if (rc < 0)
		return rc;
	rc = run_locked(run_, bundle, err);
	kb_bundle_close(bundle);
	return rc;
}

const struct kb_verb kb_verb_credentials = {
	.name = "credentials",
	.summary = "on the orchestrator: make what the role's hosts are to be given",
	.usage = "credentials [--credentials DIR] [--inventory FILE] [--json]",
	.help = "Adds what is missing to DIR/MODULE.env and never changes what is there: names\n"
		"get the site's defaults, secrets are random, verifiers are made of their\n"
		"passwords.\n"
		"DIR/hosts/HOST/ then holds what each host of the role is given, and no more:\n\n"
		"  scp -p DIR/hosts/redis-01/*.env redis-01:/opt/keybuzz-installer/credentials/\n",
	.needs_root = true,
	.acts = true,
	.run = run,
};
