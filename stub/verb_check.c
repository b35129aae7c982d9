#include <stdio.h>

#include "stub/execute.h"
#include "stub/lock.h"
#include "stub/prepare.h"

/* What both verbs begin with: the bundle, the lock, a host that has the role. */
static int prepare(struct kb_run *run, struct kb_args *args, const char *verb,
		   struct kb_scene *scene, int *lock, struct kb_err *err)
{
	struct kb_bundle *bundle = NULL;
	int rc = kb_source_open(run, args, &bundle, err);

	if (rc < 0)
		return rc;
	if ((rc = kb_lock_take(run->rootfd, lock, err)) < 0) {
		kb_bundle_close(bundle);
		return rc;
	}
	if ((rc = kb_prepare_programs(run, bundle, verb, scene, err)) < 0)
		return rc;
	kb_report_set_log(scene->report, run->log, scene->m->role, "test");
	return kb_prepare_payload(scene, err);
}

static int check(struct kb_scene *scene, struct kb_err *err)
{
	if (!kb_execute_has(scene->m, KB_PHASE_CHECK))
		return kb_err_set(err, KB_E_INVALID, "%s has no health checks", scene->m->role);
	return kb_execute_phase(scene, KB_PHASE_CHECK, true, err);
}

static void tell(struct kb_run *run, const struct kb_scene *scene, const char *what)
{
	kb_json_key_text(&run->out, "role", scene->m->role);
	kb_json_key_text(&run->out, "host", scene->target.self->name);
	if (!run->json)
		printf("%s on %s: %s\n", scene->m->role, scene->target.self->name, what);
}

static int run_check(struct kb_run *run, struct kb_args *args, struct kb_err *err)
{
	struct kb_scene scene = {.state = KB_STATEDIR_INIT};
	kb_autounlock int lock = -1;
	int rc = prepare(run, args, "check", &scene, &lock, err);

	if (rc == 0)
		rc = check(&scene, err);
	if (rc == 0)
		tell(run, &scene, "healthy");
	kb_scene_close(&scene);
	return rc;
}

/* Healthy before, or what is seen after says nothing; healthy after, or the
 * test itself has broken something. */
static int failover(struct kb_scene *scene, struct kb_err *err)
{
	int rc = check(scene, err);

	if (rc < 0)
		return kb_err_wrap(err, "no failover test, the role is not healthy");
	if ((rc = kb_execute_phase(scene, KB_PHASE_FAILOVER, false, err)) < 0)
		return rc;
	return (rc = check(scene, err)) < 0 ? kb_err_wrap(err, "after the failover test") : 0;
}

static int run_failover(struct kb_run *run, struct kb_args *args, struct kb_err *err)
{
	struct kb_scene scene = {.state = KB_STATEDIR_INIT};
	kb_autounlock int lock = -1;
	int rc = prepare(run, args, "failover-test", &scene, &lock, err);

	if (rc == 0 && !kb_execute_has(scene.m, KB_PHASE_FAILOVER))
		rc = kb_err_set(err, KB_E_INVALID, "%s has no failover test", scene.m->role);
	if (rc == 0)
		rc = failover(&scene, err);
	if (rc == 0)
		tell(run, &scene, "failover works");
	kb_scene_close(&scene);
	return rc;
}

const struct kb_verb kb_verb_check = {
	.name = "check",
	.summary = "the role's health checks",
	.usage = "check [--json] [--inventory FILE] [--host NAME]",
	.help = "Runs every check and reports each. Exit 62 when one of them fails.\n",
	.needs_root = true,
	.acts = true,
	.run = run_check,
};

const struct kb_verb kb_verb_failover = {
	.name = "failover-test",
	.summary = "the role's failover test: break, watch, restore",
	.usage = "failover-test [--json] [--inventory FILE] [--host NAME]",
	.help = "Refuses unless the role is healthy, and checks that it is healthy again after.\n",
	.needs_root = true,
	.acts = true,
	.run = run_failover,
};
