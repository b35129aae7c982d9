#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stub/audit.h"
#include "stub/dropped.h"
#include "stub/execute.h"
#include "stub/lock.h"
#include "stub/paths.h"
#include "stub/prepare.h"
#include "stub/release.h"
#include "stub/upgrade.h"

/* What one install knows while it runs. */
struct install {
	struct kb_run *run;
	struct kb_scene scene;
	struct kb_plan plan;
	struct kb_outcome old, outcome;
	bool changes; /* the plan does something, or what was done did not end well */
};

static int check(struct install *in, struct kb_bundle *bundle, struct kb_err *err)
{
	kb_autoproblems struct kb_problems problems = KB_PROBLEMS_INIT;
	int rc = kb_prepare_plan(in->run, bundle, "install", &in->scene, &in->plan, &problems, err);

	if (rc == 0)
		rc = kb_outcome_read(in->scene.state.role, &in->old, err);
	if (rc < 0)
		return rc;
	if (in->run->json && problems.n) {
		kb_json_key(&in->run->out, "problems");
		kb_problems_json(&problems, &in->run->out);
	}
	kb_problems_print(&problems);
	return kb_problems_result(&problems, err);
}

static void announce(struct install *in)
{
	const struct kb_manifest *m = in->scene.m;
	size_t keep = kb_plan_count(&in->plan, KB_ACTION_KEEP);

	kb_report_say(in->scene.report,
		      "%s %s (release %llu.%llu, %.16s) on %s, %s: %zu of %zu "
		      "steps to do",
		      m->role, m->version, (unsigned long long)m->epoch,
		      (unsigned long long)m->counter, kb_digest_hex(in->scene.release),
		      in->scene.target.self->name, in->scene.target.self->address,
		      in->plan.n - keep, in->plan.n);
}

/* Between here and the end the record says that something was begun, so that
 * `status` tells the truth after a power cut. */
static int mark_begun(struct install *in, struct kb_err *err)
{
	if (!kb_plan_changes(&in->plan))
		return 0;
	in->outcome.state = KB_OUTCOME_INTERRUPTED;
	return kb_outcome_write(in->scene.state.role, &in->outcome, err);
}

static int run_steps(struct install *in, struct kb_err *err)
{
	int rc = kb_execute_install(&in->scene, &in->plan, &in->outcome, err);

	if (rc < 0 || in->outcome.n_pending || !in->changes ||
	    !kb_execute_has(in->scene.m, KB_PHASE_CHECK))
		return rc;
	kb_report_say(in->scene.report, "health checks");
	return kb_execute_phase(&in->scene, KB_PHASE_CHECK, true, err);
}

/* The journal's word for all of it. Files that were found right were not
 * written again, and the run that wrote them may have been cut off before it
 * flushed them: so the state's file system is flushed first. */
static int append_commit(struct kb_scene *scene, struct kb_err *err)
{
	int rc;

	if (kb_journal_is_committed(scene->journal, scene->release))
		return 0;
	if ((rc = kb_dropped_forget(scene, err)) < 0)
		return rc;
	if (syncfs(scene->state.role) < 0)
		return kb_err_errno(err, KB_E_IO, "flush the file system of " KB_PATH_STATE);
	return kb_journal_append(scene->journal, KB_RECORD_COMMIT, NULL, scene->release,
				 scene->release, err);
}

/* Everything is durable: the record, then the journal's word for it, then what
 * is no longer needed goes. */
static int commit(struct install *in, struct kb_err *err)
{
	struct kb_scene *scene = &in->scene;
	int rc;

	in->outcome.state = in->outcome.n_pending ? KB_OUTCOME_PENDING : KB_OUTCOME_INSTALLED;
	if ((rc = kb_audit_record(scene, &in->plan, err)) < 0 ||
	    (rc = kb_release_record(scene, err)) < 0 ||
	    (rc = kb_outcome_write(scene->state.role, &in->outcome, err)) < 0 ||
	    (rc = kb_upgrade_end(scene, err)) < 0 || (rc = append_commit(scene, err)) < 0 ||
	    (rc = kb_release_prune(scene, *in->outcome.previous ? in->outcome.previous : NULL,
				   err)) < 0)
		return rc;
	return kb_trust_pin(in->run, scene->bundle, err);
}

/* The first failure is what the operator hears of; that it could not be
 * written down as well adds nothing. */
static void record_failure(struct install *in, int rc, const struct kb_err *failure)
{
	free(in->outcome.failure);
	in->outcome.failure = kb_format("%d %s: %s", -rc, kb_code_class(rc), failure->text);
	in->outcome.state = rc == KB_E_INTERRUPTED ? KB_OUTCOME_INTERRUPTED : KB_OUTCOME_FAILED;
	kb_outcome_write(in->scene.state.role, &in->outcome, NULL);
}

/* An upgrade that failed leaves the release before running. */
static void go_back(struct install *in, const struct kb_err *failure)
{
	kb_autofree char *text =
		kb_format("%d %s: %s", -failure->code, kb_code_class(failure->code), failure->text);
	struct kb_err err;

	if (kb_upgrade_back(&in->scene, &in->plan, text, &err) < 0)
		kb_report_warn(in->scene.report,
			       "the release before could not be put back: %s; run the same command "
			       "again",
			       err.text);
	else
		kb_report_warn(in->scene.report,
			       "the upgrade failed; the release before is in place again");
}

static int change(struct install *in, struct kb_err *err)
{
	struct kb_scene *scene = &in->scene;
	int rc = kb_prepare_state(scene, err);

	if (rc < 0)
		return rc;
	kb_outcome_begin(&in->outcome, scene->m, scene->release, &in->old, scene->target.self->name,
			 scene->target.self->address);
	in->changes = kb_plan_changes(&in->plan) || in->old.state != KB_OUTCOME_INSTALLED;
	if (in->changes)
		announce(in);
	/* until this is done, the record of the release before must stand */
	if ((rc = kb_upgrade_begin(scene, &in->old, in->changes, err)) < 0)
		return rc;
	if ((rc = mark_begun(in, err)) == 0 && (rc = kb_prepare_payload(scene, err)) == 0 &&
	    (rc = kb_dropped_remove(scene, in->plan.dropped, err)) == 0 &&
	    (rc = run_steps(in, err)) == 0)
		rc = commit(in, err);
	if (rc < 0)
		record_failure(in, rc, err);
	if (rc < 0 && rc != KB_E_INTERRUPTED && scene->upgrade)
		go_back(in, err);
	return rc;
}

static void tell(struct install *in)
{
	struct kb_run *run = in->run;
	struct kb_json *j = &run->out;

	kb_json_key_text(j, "role", in->scene.m->role);
	kb_json_key_text(j, "host", in->outcome.host);
	kb_json_key_text(j, "version", in->outcome.version);
	kb_json_key_text(j, "state", kb_outcome_name(in->outcome.state));
	kb_json_key(j, "plan");
	kb_plan_json(&in->plan, j);
	kb_json_key(j, "pending");
	kb_json_array(j);
	for (size_t i = 0; i < in->outcome.n_pending; i++)
		kb_json_text(j, in->outcome.pending[i]);
	kb_json_array_end(j);
	if (run->json)
		return;
	printf("%s %s on %s: %s%s\n", in->scene.m->role, in->scene.m->version, in->outcome.host,
	       kb_outcome_name(in->outcome.state), in->changes ? "" : ", nothing to do");
	for (size_t i = 0; i < in->outcome.n_pending; i++)
		printf("waiting for %s\n", in->outcome.pending[i]);
}

static int install(struct install *in, struct kb_bundle *bundle, struct kb_err *err)
{
	int rc = check(in, bundle, err);

	if (rc < 0)
		return rc;
	kb_report_set_log(in->scene.report, in->run->log, in->scene.m->role, "install");
	if ((rc = kb_bundle_verify(bundle, kb_report_progress(in->scene.report), err)) < 0)
		return rc;
	if ((rc = change(in, err)) < 0)
		return rc;
	tell(in);
	return 0;
}

static int run(struct kb_run *run_, struct kb_args *args, struct kb_err *err)
{
	struct install in = {.run = run_, .scene = {.state = KB_STATEDIR_INIT}};
	struct kb_bundle *bundle = NULL;
	kb_autounlock int lock = -1;
	int rc = kb_source_open(run_, args, &bundle, err);

	if (rc == 0 && (rc = kb_lock_take(run_->rootfd, &lock, err)) < 0)
		kb_bundle_close(bundle);
	if (rc < 0)
		return rc;
	rc = install(&in, bundle, err);
	kb_plan_free(&in.plan);
	kb_outcome_free(&in.old);
	kb_outcome_free(&in.outcome);
	kb_scene_close(&in.scene);
	return rc;
}

const struct kb_verb kb_verb_install = {
	.name = "install",
	.summary = "verify, plan, do what is missing, record it (the default)",
	.usage = "install [--yes] [--inventory FILE] [--credentials DIR] [--host NAME] [--log "
		 "FILE]\n"
		 "       [--downgrade FILE]",
	.help = "Changes only what differs: a second run changes nothing and restarts nothing.\n"
		"After any interruption the same command goes on where it stopped. A host that\n"
		"waits for its peers ends as pending-quorum, which is a success; run it again\n"
		"when they are installed. What an older release put here and this one does not\n"
		"bring goes; `plan` names it. An older bundle needs a permission (--downgrade):\n"
		"keybuzz-bundle downgrade --help.\n",
	.needs_root = true,
	.acts = true,
	.run = run,
};
