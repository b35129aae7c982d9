/* The plan: what each step of a phase would do on this host, as a value. It is
 * worked out by comparing, which changes nothing; `plan` prints it, `install`
 * executes exactly it.
 *
 * A step's input is the digest of everything that decides what it does: its
 * kind, arguments, rendered bytes, owner, mode, and the results of the steps
 * it watches. What the journal last recorded as done with the same input need
 * not be done again, if a look at the host agrees.
 */
#ifndef STUB_PLAN_H
#define STUB_PLAN_H

#include "core/manifest.h"
#include "stub/image_present.h"
#include "stub/problems.h"
#include "stub/scene.h"

enum kb_action {
	KB_ACTION_KEEP,    /* nothing to do */
	KB_ACTION_ADD,     /* was not there */
	KB_ACTION_CHANGE,  /* is there and differs */
	KB_ACTION_RUN,     /* a program: script, wait, check */
	KB_ACTION_START,   /* a unit that is not active */
	KB_ACTION_RESTART, /* a unit that was started with something else */
	KB_ACTION_PENDING, /* a wait that ran out of time before: asked again */
	KB_ACTION_COUNT
};

struct kb_package_plan;
struct kb_volume_plan;

struct kb_plan_item {
	const struct kb_step *step;
	enum kb_action action;
	bool acts;               /* see kb_step_acts */
	char *reason;            /* never NULL after inspection */
	struct kb_digest input;  /* what it would be done with */
	struct kb_digest result; /* what watchers see of it */
	struct kb_buf content;   /* rendered bytes of a template or unit; wiped */
	uint64_t bytes;          /* that it would write where `path` is.. */
	const char *path;
	struct kb_image_status *images; /* of an images step */
	const struct kb_image **image_list;
	size_t n_images;
	bool doubtful;                    /* a power cut may have left layers without content */
	struct kb_package_plan *packages; /* of a packages step; see packages.h */
	struct kb_volume_plan *volume;    /* of a volume step; see step_volume.c */
	bool text_differs, reload, enable, restart; /* of a unit */
	/* set by execution */
	char *outcome; /* a check's or wait's last word; NULL when it said none */
};

struct kb_dropped;

struct kb_plan {
	int phase;
	struct kb_dropped *dropped; /* of installs; see dropped.h */
	struct kb_plan_item *items;
	size_t n;
};

/* Inspect every step of PHASE; what cannot work goes to PROBLEMS, and the items
 * are complete only when there are none. */
void kb_plan_make(struct kb_scene *scene, int phase, struct kb_plan *ret_plan,
		  struct kb_problems *problems);
void kb_plan_free(struct kb_plan *plan);

/* Does any step change something or start something anew? Asking again and
 * scripts of every install do not count. */
bool kb_plan_changes(const struct kb_plan *plan);
size_t kb_plan_count(const struct kb_plan *plan, enum kb_action action);

const char *kb_action_name(enum kb_action action); /* "keep" */

/* The item of the step ID, which comes before; NULL when there is none. */
const struct kb_plan_item *kb_plan_find(const struct kb_plan *plan, const char *id);

/* plan_print.c: for people, and as a JSON array. */
void kb_plan_text(const struct kb_plan *plan, bool all, struct kb_buf *out);
void kb_plan_json(const struct kb_plan *plan, struct kb_json *j);

#endif
