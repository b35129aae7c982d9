/* Everything a step may look at: the bundle, the host's place in the site, what
 * happened before, and the way to the host's files. Assembled once per run, in
 * scene.c; steps do not change it, execute.c and step_program.c only note in it. */
#ifndef STUB_SCENE_H
#define STUB_SCENE_H

#include "core/path.h"
#include "stub/context.h"
#include "stub/credentials.h"
#include "stub/engine.h"
#include "stub/journal.h"
#include "stub/problems.h"
#include "stub/rollback.h"
#include "stub/run.h"
#include "stub/statedir.h"
#include "stub/target.h"

struct kb_scene {
	struct kb_run *run;
	struct kb_report *report; /* the run's */
	int rootfd;               /* the run's */
	struct kb_bundle *bundle;
	const struct kb_manifest *m;
	const struct kb_digest *release; /* the manifest's id */
	uint64_t now;                    /* read once */

	struct kb_target target;
	struct kb_credentials *credentials;
	struct kb_value *context; /* NULL when host or credentials are missing */
	struct kb_statedir state;
	struct kb_floor floor;
	struct kb_journal *journal;
	uint8_t boot[KB_BOOT_LEN];
	struct kb_engine *engine; /* NULL: the role needs none, or it is not there */
	bool systemd;             /* systemd is this host's first process */
	uid_t *uids;              /* owners the role's own steps give to folders */
	struct kb_owners owners;

	const char *verb;
	unsigned failed;    /* checks of this run so far */
	bool online;        /* it was noted that steps have the host's network all the same */
	bool upgrade;       /* from another release, which can be put back: upgrade.h */
	char *payload_path; /* NULL until staged */
	char *context_path; /* NULL until written */
};

/* Looks, and changes nothing: what is wrong goes to PROBLEMS in the order of
 * its weight. Takes over BUNDLE. Fails only where nothing more can be said. */
int kb_scene_open(struct kb_run *run, struct kb_bundle *bundle, const char *verb,
		  struct kb_scene *ret_scene, struct kb_problems *problems, struct kb_err *err);
void kb_scene_close(struct kb_scene *scene);

#endif
