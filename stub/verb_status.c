#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/name.h"
#include "core/path.h"
#include "stub/outcome.h"
#include "stub/paths.h"
#include "stub/run.h"

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
	kb_json_object_end(j);
}

static int tell_role(struct kb_run *run, int base, const char *role, size_t *told,
		     struct kb_err *err)
{
	kb_autooutcome struct kb_outcome outcome = {.state = KB_OUTCOME_NONE};
	kb_autoclose int dirfd =
		openat(base, role, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc = kb_outcome_read(dirfd, &outcome, err);

	if (rc < 0)
		return kb_err_wrap(err, "%s", role);
	if (outcome.state == KB_OUTCOME_NONE)
		return 0;
	if (run->json)
		tell_json(role, &outcome, &run->out);
	else
		tell_text(role, &outcome);
	(*told)++;
	return 0;
}

/* A damaged record of one role does not hide the others. */
static int tell_all(struct kb_run *run, int base, size_t *told, struct kb_err *err)
{
	struct dirent **names = NULL;
	int n = scandirat(base, ".", &names, is_role, by_bytes), rc = 0;

	if (n < 0)
		return kb_err_errno(err, KB_E_IO, KB_PATH_STATE);
	for (int i = 0; i < n; i++) {
		struct kb_err found;
		int one = tell_role(run, base, names[i]->d_name, told, &found);

		if (one < 0 && rc == 0)
			rc = kb_err_set(err, one, "%s", found.text);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int run(struct kb_run *run_, struct kb_args *args, struct kb_err *err)
{
	kb_autoclose int base = -1;
	size_t told = 0;
	int rc = kb_args_end(args, err);

	if (rc < 0)
		return rc;
	rc = kb_path_open_dir(run_->rootfd, KB_PATH_STATE, NULL, &base, err);
	if (rc < 0 && rc != KB_E_MISSING)
		return rc;
	kb_json_key(&run_->out, "roles");
	kb_json_array(&run_->out);
	rc = base < 0 ? 0 : tell_all(run_, base, &told, err);
	kb_json_array_end(&run_->out);
	if (!run_->json && !told && rc == 0)
		printf("nothing is installed on this host\n");
	return rc;
}

const struct kb_verb kb_verb_status = {
	.name = "status",
	.summary = "what is installed on this host, and how that went",
	.usage = "status [--json]",
	.help = "Reads what installs recorded; needs no bundle.\n",
	.needs_root = true,
	.run = run,
};
