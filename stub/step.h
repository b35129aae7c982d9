/* The kinds of steps, a row each: how to look and how to act. */
#ifndef STUB_STEP_H
#define STUB_STEP_H

#include "stub/plan.h"

struct kb_step_ops {
	/* Fill ITEM from SCENE; changes nothing on the host. PLAN holds the
	 * items before this one. */
	int (*inspect)(struct kb_scene *scene, const struct kb_plan *plan,
		       struct kb_plan_item *item, struct kb_err *err);
	/* Do it, for an action that is not `keep`; durable when it returns 0.
	 * KB_STEP_IS_PENDING: ran out of time, which the step may. */
	int (*apply)(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err);
};
#define KB_STEP_IS_PENDING 1

/* NULL for kinds this program does not know how to do. */
const struct kb_step_ops *kb_step_ops(int kind);

extern const struct kb_step_ops kb_step_directory, kb_step_file, kb_step_template, kb_step_unit,
	kb_step_images, kb_step_script, kb_step_wait, kb_step_check, kb_step_packages,
	kb_step_volume;

/* step.c: what several kinds share. */

/* The digest of parts, each with its length, so that no two lists of parts
 * give the same bytes. */
struct kb_step_digest {
	struct kb_sha256 *sha;
};
void kb_step_digest_begin(struct kb_step_digest *d, const struct kb_step *step);
void kb_step_digest_add(struct kb_step_digest *d, const void *data, size_t len);
void kb_step_digest_text(struct kb_step_digest *d, const char *text);
void kb_step_digest_number(struct kb_step_digest *d, uint64_t number);
/* The results of the steps it watches. */
void kb_step_digest_watched(struct kb_step_digest *d, const struct kb_plan *plan,
			    const struct kb_step *step);
void kb_step_digest_end(struct kb_step_digest *d, struct kb_digest *ret_digest);

/* The last thing the journal says about STEP is that it was done with this
 * input. */
bool kb_step_is_done(const struct kb_scene *scene, const struct kb_plan_item *item);

/* It will change something, or start something anew: not `keep`, not asking
 * again, and not a script of every install that runs with what it ran with
 * before. Kept in ->acts once the item is planned. */
bool kb_step_acts(const struct kb_scene *scene, const struct kb_plan_item *item);

/* The id of a watched step that acts in this plan, or that the journal knows
 * to have acted after this one was last done; NULL when there is none. */
const char *kb_step_watched_change(const struct kb_scene *scene, const struct kb_plan *plan,
				   const struct kb_step *step);

/* Set action and reason. */
void kb_step_decide(struct kb_plan_item *item, enum kb_action action, const char *fmt, ...)
	KB_PRINTF(3, 4);

/* The text of a template step or unit, rendered into ITEM->content. Refused
 * when a secret would become readable by everybody at MODE. */
int kb_step_render(struct kb_scene *scene, struct kb_plan_item *item, mode_t mode,
		   struct kb_err *err);

/* step_place.c: putting a file in its place. */

struct kb_place {
	const char *path;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};
/* How the host's file differs from SIZE bytes of DIGEST: an action and its
 * reason. A folder, link or device in its place is KB_E_PATH. */
int kb_place_compare(struct kb_scene *scene, const struct kb_place *place,
		     const struct kb_digest *digest, uint64_t size, bool keep,
		     struct kb_plan_item *item, struct kb_err *err);
/* Open the folder of PLACE, made if it is missing, for a new file. */
int kb_place_open(struct kb_scene *scene, const struct kb_place *place, int *ret_dirfd,
		  const char **ret_name, struct kb_err *err);
/* Replace it by BYTES. */
int kb_place_write(struct kb_scene *scene, const struct kb_place *place, const void *bytes,
		   size_t len, struct kb_err *err);

/* step_program.c: running a file of the staged payload. */

struct kb_program {
	const struct kb_step *step;
	struct kb_output *output;
	uint32_t timeout;
};
/* KB_E_INTERRUPTED when the operator wanted an end at once. */
int kb_program_run(struct kb_scene *scene, const struct kb_program *program,
		   struct kb_proc_result *ret_result, struct kb_err *err);
/* What one run of it means, in the words of its step: 0, KB_E_TIMEOUT,
 * KB_E_INTERRUPTED, or CODE with how it ended and its last word. */
int kb_program_judge(const struct kb_program *program, const struct kb_proc_result *result,
		     int code, struct kb_err *err);
/* The input of a program: itself, the library, files no step names, arguments,
 * host. */
void kb_program_digest(const struct kb_scene *scene, struct kb_step_digest *d,
		       const struct kb_step *step);

#endif
