#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/name.h"
#include "core/path.h"
#include "stub/audit.h"
#include "stub/outcome.h"
#include "stub/paths.h"
#include "stub/run.h"

/* What the operator wants to know, and what was found. */
struct asked {
	struct kb_run *run;
	bool verify;
	const char *role; /* NULL: all */
	size_t told, found;
};

static int is_role(const struct dirent *entry)
{
	return kb_name_check_id(entry->d_name, NULL) == 0 &&
	       strcmp(entry->d_name, KB_NAME_ROLLBACK) != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void tell_text(const char *role, const struct kb_outcome *o)
{
	printf("%s %s: %s since %s\n", role, o->version, kb_outcome_name(o->state), o->time);
	printf("  release %llu.%llu of channel %s, manifest %.16s, set %.16s\n",
	       (unsigned long long)o->epoch, (unsigned long long)o->counter, o->channel,
	       o->manifest, o->release_set);
	printf("  as %s, %s\n", o->host, o->address);
	for (size_t i = 0; i < o->n_pending; i++)
		printf("  waiting for %s\n", o->pending[i]);
	if (*o->failure)
		printf("  last failure: %s\n", o->failure);
}

/* Leaves the object open. */
static void tell_json(const char *role, const struct kb_outcome *o, struct kb_json *j)
{
	kb_json_object(j);
	kb_json_key_text(j, "role", role);
	kb_json_key_text(j, "version", o->version);
	kb_json_key_text(j, "state", kb_outcome_name(o->state));
	kb_json_key_text(j, "time", o->time);
	kb_json_key_u64(j, "epoch", o->epoch);
	kb_json_key_u64(j, "counter", o->counter);
	kb_json_key_text(j, "channel", o->channel);
	kb_json_key_text(j, "manifest", o->manifest);
	kb_json_key_text(j, "release_set", o->release_set);
	kb_json_key_text(j, "host", o->host);
	kb_json_key_text(j, "address", o->address);
	kb_json_key(j, "pending");
	kb_json_array(j);
	for (size_t i = 0; i < o->n_pending; i++)
		kb_json_text(j, o->pending[i]);
	kb_json_array_end(j);
	kb_json_key_text(j, "failure", *o->failure ? o->failure : NULL);
}

/* One line, or one member of "findings". */
static void tell_finding(void *ctx, const char *what, const char *name, const char *why)
{
	struct kb_run *run = ctx;
	struct kb_json *j = &run->out;

	if (!run->json) {
		printf("  %s %s: %s\n", what, name, why);
		return;
	}
	kb_json_object(j);
	kb_json_key_text(j, "what", what);
	kb_json_key_text(j, "name", name);
	kb_json_key_text(j, "why", why);
	kb_json_object_end(j);
}

static int audit(struct asked *asked, int dirfd, const struct kb_outcome *o, struct kb_err *err)
{
	struct kb_run *run = asked->run;
	size_t found = 0;
	int rc;

	kb_json_key(&run->out, "findings");
	kb_json_array(&run->out);
	rc = kb_audit_role(run, dirfd, o, tell_finding, run, &found, err);
	kb_json_array_end(&run->out);
	asked->found += found;
	if (!run->json && rc == 0 && !found)
		printf("  everything is as it was installed\n");
	return rc;
}

static int tell_role(struct asked *asked, int base, const char *role, struct kb_err *err)
{
	struct kb_run *run = asked->run;
	kb_autooutcome struct kb_outcome outcome = {.state = KB_OUTCOME_NONE};
	kb_autoclose int dirfd =
		openat(base, role, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc = kb_outcome_read(dirfd, &outcome, err);

	if (rc < 0)
		return kb_err_wrap(err, "%s", role);
	if (outcome.state == KB_OUTCOME_NONE)
		return 0;
	tell_json(role, &outcome, &run->out);
	if (!run->json)
		tell_text(role, &outcome);
	asked->told++;
	if (asked->verify)
		rc = audit(asked, dirfd, &outcome, err);
	kb_json_object_end(&run->out);
	return rc < 0 ? kb_err_wrap(err, "%s", role) : 0;
}

/* A damaged record of one role does not hide the others. */
static int tell_all(struct asked *asked, int base, struct kb_err *err)
{
	struct dirent **names = NULL;
	int n = scandirat(base, ".", &names, is_role, by_bytes), rc = 0;

	if (n < 0)
		return kb_err_errno(err, KB_E_IO, KB_PATH_STATE);
	for (int i = 0; i < n; i++) {
		struct kb_err found;
		int one = 0;

		if (!asked->role || strcmp(asked->role, names[i]->d_name) == 0)
			one = tell_role(asked, base, names[i]->d_name, &found);
		if (one < 0 && rc == 0)
			rc = kb_err_set(err, one, "%s", found.text);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int judge(const struct asked *asked, struct kb_err *err)
{
	if (asked->role && !asked->told)
		return kb_err_set(err, KB_E_MISSING, "%s is not installed on this host",
				  asked->role);
	if (!asked->run->json && !asked->told)
		printf("nothing is installed on this host\n");
	if (asked->found)
		return kb_err_set(err, KB_E_HEALTH,
				  "%zu findings: this host is not what was installed",
				  asked->found);
	return 0;
}

static int run(struct kb_run *run_, struct kb_args *args, struct kb_err *err)
{
	struct asked asked = {.run = run_, .verify = kb_args_flag(args, "verify", 0)};
	kb_autoclose int base = -1;
	int rc;

	asked.role = kb_args_positional(args);
	if ((rc = kb_args_end(args, err)) < 0)
		return rc;
	rc = kb_path_open_dir(run_->rootfd, KB_PATH_STATE, NULL, &base, err);
	if (rc < 0 && rc != KB_E_MISSING)
		return rc;
	kb_json_key(&run_->out, "roles");
	kb_json_array(&run_->out);
	rc = base < 0 ? 0 : tell_all(&asked, base, err);
	kb_json_array_end(&run_->out);
	return rc < 0 ? rc : judge(&asked, err);
}

const struct kb_verb kb_verb_status = {
	.name = "status",
	.summary = "what is installed on this host, and how that went",
	.usage = "status [ROLE] [--verify] [--json]",
	.help = "Reads what installs recorded; needs no bundle.\n"
		"  --verify   compare the host with it: files, folders, units, images, packages.\n"
		"             Exit 62 when something is changed, missing, or not ours\n",
	.needs_root = true,
	.run = run,
};
