#include "stub/prepare.h"

#include <stdlib.h>
#include <string.h>

#include "stub/packages.h"
#include "stub/precheck.h"
#include "stub/release.h"

int kb_prepare_plan(struct kb_run *run, struct kb_bundle *bundle, const char *verb,
		    struct kb_scene *scene, struct kb_plan *plan, struct kb_problems *problems,
		    struct kb_err *err)
{
	int rc = kb_scene_open(run, bundle, verb, scene, problems, err);

	if (rc < 0)
		return rc;
	kb_precheck_needs(scene, problems);
	if (scene->context && scene->journal) {
		kb_plan_make(scene, KB_PHASE_INSTALL, plan, problems);
		kb_packages_precheck(scene, plan, problems);
		kb_precheck_space(scene, plan, problems);
	}
	kb_precheck_ports(scene, problems);
	return 0;
}

static int require_installed(struct kb_scene *scene, struct kb_err *err)
{
	kb_autooutcome struct kb_outcome outcome = {.state = KB_OUTCOME_NONE};
	int rc = kb_outcome_read(scene->state.role, &outcome, err);

	if (rc < 0)
		return rc;
	if (outcome.state == KB_OUTCOME_NONE)
		return kb_err_set(err, KB_E_MISSING,
				  "%s is not installed on this host; install it first",
				  scene->m->role);
	if (strcmp(outcome.manifest, kb_digest_hex(scene->release)) != 0)
		kb_report_warn(scene->report,
			       "this host has version %s installed, the bundle is %s",
			       outcome.version, scene->m->version);
	return 0;
}

int kb_prepare_programs(struct kb_run *run, struct kb_bundle *bundle, const char *verb,
			struct kb_scene *scene, struct kb_err *err)
{
	kb_autoproblems struct kb_problems problems = KB_PROBLEMS_INIT;
	int rc = kb_scene_open(run, bundle, verb, scene, &problems, err);

	if (rc < 0)
		return rc;
	if ((rc = kb_problems_result(&problems, err)) < 0) {
		kb_problems_print(&problems);
		return rc;
	}
	return require_installed(scene, err);
}

int kb_prepare_payload(struct kb_scene *scene, struct kb_err *err)
{
	int rc = kb_release_stage(scene, err);

	if (rc == 0)
		rc = kb_context_write(scene->rootfd, scene->m, scene->target.inventory,
				      &scene->context_path, err);
	return rc;
}

int kb_prepare_state(struct kb_scene *scene, struct kb_err *err)
{
	int rc;

	if ((rc = kb_statedir_make(scene->rootfd, scene->m->role, &scene->state, err)) < 0 ||
	    (rc = kb_journal_attach(scene->journal, scene->state.role, err)) < 0)
		return rc;
	return kb_floor_raise(&scene->state, &scene->floor, scene->m, scene->release, err);
}
