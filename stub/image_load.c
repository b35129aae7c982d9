#include "stub/image_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/engine_call.h"
#include "stub/image_answer.h"
#include "stub/image_oci.h"
#include "stub/image_plan.h"
#include "stub/image_send.h"
#include "stub/image_sync.h"

/* Everything one call of kb_image_load works with. */
struct job {
	struct kb_engine *engine;
	const struct kb_image_feed *feed;
	const struct kb_manifest *m;
	struct kb_image_status *status;
	size_t n;
	const struct kb_progress *progress;
	bool *fresh; /* loaded by this call */
	bool gone;   /* an image vanished between its load and our look at it */
	struct kb_image_load *result;
	struct kb_err *err;
};

static bool must_load(const struct kb_image_status *s)
{
	return s->state == KB_IMAGE_ABSENT || s->state == KB_IMAGE_DAMAGED;
}

static int remove_damaged(struct job *j)
{
	for (size_t i = 0; i < j->n; i++) {
		struct kb_image_status *s = &j->status[i];
		int rc;

		if (s->state != KB_IMAGE_DAMAGED)
			continue;
		rc = kb_engine_remove(j->engine, s->id, j->err);
		if (rc == KB_E_DEPENDENCY)
			kb_err_wrap(j->err,
				    "image %s is damaged and in use; remove the containers (docker "
				    "rm -f) and images made from it and run the same command again",
				    s->image->reference);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Wait for the engine's words and read them. */
static int hear(struct job *j, struct kb_http *http, struct kb_image_answer *answer)
{
	struct kb_engine *e = j->engine;
	const char *data;
	size_t len;
	int status, rc = kb_http_answer(http, &status, j->err);

	if (rc < 0)
		return rc;
	if (status != 200) {
		kb_autobuf struct kb_buf body = KB_BUF_INIT;

		rc = kb_engine_rest(http, KB_ENGINE_ANSWER_MAX, &body, j->err);
		return rc < 0 ? rc : kb_engine_refusal(status, body.data, body.len, j->err);
	}
	for (;;) {
		rc = kb_http_next(http, &data, &len, j->err);
		if (rc < 0)
			return rc;
		if (len == 0)
			return kb_image_answer_end(answer, j->err);
		rc = kb_image_answer_add(answer, data, len, j->err);
		if (rc < 0)
			return rc;
		e->done = answer->before + answer->current;
		e->done = e->done < e->total ? e->done : e->total;
		if (kb_progress_step(e->progress, e->what, e->done, e->total) != 0)
			return kb_err_set(j->err, KB_E_INTERRUPTED,
					  "stopped while the engine was unpacking images");
	}
}

/* Not quiet: the engine then tells how far it is, which shows that it lives. */
static int transfer(struct job *j, const struct kb_image_plan *plan, struct kb_image_answer *answer)
{
	static const struct kb_engine_request request = {
		"POST", "/images/load?quiet=0", "application/x-tar", KB_IMAGE_ANSWER_MAX, true,
	};
	struct kb_engine *e = j->engine;
	kb_autohttp struct kb_http *http = NULL;
	uint64_t sent = 0;
	int rc = kb_engine_begin(e, &request, &http, j->err);

	if (rc < 0)
		return rc;
	e->what = "load images";
	e->done = 0;
	e->total = plan->bytes;
	rc = kb_image_send(e, j->feed, plan, http, &sent, j->err);
	if (rc < 0)
		return rc;
	j->result->sent += sent;
	e->what = "unpack images";
	e->done = 0;
	return hear(j, http, answer);
}

static int transfer_with_progress(struct job *j, const struct kb_image_plan *plan,
				  struct kb_image_answer *answer)
{
	struct kb_engine *e = j->engine;
	const struct kb_progress *kept = e->progress;
	const char *what = e->what;
	int rc;

	if (j->progress)
		e->progress = j->progress;
	rc = transfer(j, plan, answer);
	if (rc < 0)
		kb_err_wrap(j->err, "loading images into %s", e->info.product);
	e->progress = kept;
	e->what = what;
	e->done = e->total = 0;
	return rc;
}

static bool among(const char *id, char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(id, list[i]) == 0)
			return true;
	return false;
}

/* Best effort: what the engine made of our stream without our having verified
 * it goes, unless it was there before. It may also keep images that it says it
 * could not unpack, which the next run would take for good. */
static void remove_unverified(struct job *j, const struct kb_image_plan *plan,
			      const struct kb_image_answer *answer)
{
	for (size_t i = 0; i < j->n; i++)
		if (must_load(&j->status[i]) &&
		    !among(j->status[i].id, plan->before, plan->n_before))
			kb_engine_remove(j->engine, j->status[i].id, NULL);
	for (size_t i = 0; i < answer->n_ids; i++) {
		bool verified = false;

		for (size_t k = 0; k < j->n; k++)
			verified |= strcmp(j->status[k].id, answer->ids[i]) == 0;
		if (!verified && !among(answer->ids[i], plan->before, plan->n_before))
			kb_engine_remove(j->engine, answer->ids[i], NULL);
	}
}

/* The engine must know the image by its signed identity, with the signed
 * layers. */
static int verify_one(struct job *j, struct kb_image_status *s)
{
	struct kb_image_status now;
	int rc = kb_image_present(j->engine, j->m, &s->image, 1, false, NULL, &now, j->err);

	if (rc < 0)
		return rc;
	j->gone = now.state == KB_IMAGE_ABSENT;
	if (j->gone)
		return kb_err_set(j->err, KB_E_DEPENDENCY,
				  "the engine took image %s and does not have it (%s); run the "
				  "same command again",
				  s->image->reference, now.id);
	if (now.state == KB_IMAGE_DAMAGED) {
		kb_engine_remove(j->engine, now.id, NULL);
		return kb_err_set(j->err, KB_E_DEPENDENCY,
				  "the engine made other layers of image %s than were signed; it "
				  "was removed",
				  s->image->reference);
	}
	memcpy(s->id, now.id, sizeof(s->id));
	memcpy(s->replaces, now.replaces, sizeof(s->replaces));
	return 0;
}

/* What was damaged may be so again: the engine reuses a layer that another
 * image or a container still holds. */
static int verify_content(struct job *j, const struct kb_image_status *s)
{
	bool whole;
	int rc = kb_image_check_content(j->engine, j->m, s->image, j->progress, &whole, j->err);

	if (rc < 0 || whole)
		return rc;
	kb_engine_remove(j->engine, s->id, NULL);
	return kb_err_set(
		j->err, KB_E_DEPENDENCY,
		"image %s is still damaged after loading it again: other images or "
		"containers hold its damaged layers; remove those that share them (docker "
		"ps -a, docker image ls -a), or stop the engine, move %s away and start "
		"it, then run the same command again",
		s->image->reference, kb_engine_info(j->engine)->root);
}

static int give_name(struct job *j, struct kb_image_status *s)
{
	int rc = kb_engine_tag(j->engine, s->id, s->image->reference, j->err);

	if (rc == 0)
		s->state = KB_IMAGE_PRESENT;
	return rc;
}

/* Named at once: until then a prune may take it. */
static int verify_all(struct job *j)
{
	for (size_t i = 0; i < j->n; i++) {
		struct kb_image_status *s = &j->status[i];
		int rc;

		if (!must_load(s))
			continue;
		rc = verify_one(j, s);
		if (rc == 0 && s->doubtful)
			rc = verify_content(j, s);
		if (rc == 0)
			rc = give_name(j, s);
		if (rc < 0)
			return rc;
		j->fresh[i] = true;
		j->result->loaded++;
	}
	return 0;
}

static int load_once(struct job *j, bool skip, bool *ret_skipped)
{
	kb_autofree const struct kb_image **images = kb_alloc(j->n, sizeof(*images));
	struct kb_image_answer answer = {.line = KB_BUF_INIT};
	struct kb_image_plan plan;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < j->n; i++)
		if (must_load(&j->status[i]))
			images[n++] = j->status[i].image;
	rc = kb_image_plan(j->engine, j->m, images, n, skip, &plan, j->err);
	if (rc < 0)
		return rc;
	*ret_skipped = plan.skipped > 0;
	j->result->skipped_layers = plan.skipped;
	rc = transfer_with_progress(j, &plan, &answer);
	if (rc == 0)
		rc = verify_all(j);
	if (rc < 0 && rc != KB_E_TIMEOUT && rc != KB_E_INTERRUPTED)
		remove_unverified(j, &plan, &answer);
	kb_image_answer_free(&answer);
	kb_image_plan_free(&plan);
	return rc;
}

/* Someone prunes while we load: a layer that was there when we planned is not
 * when the engine looks for it (then it asks for the file we left out), or an
 * image is taken before it has its name. Once more, then, and with all layers. */
static int load_missing(struct job *j)
{
	bool skipped = false;
	int rc = load_once(j, true, &skipped);

	if (rc == KB_E_DEPENDENCY && (j->gone || (skipped && strstr(j->err->text, "no such file"))))
		rc = load_once(j, false, &skipped);
	return rc;
}

static int name_rest(struct job *j)
{
	for (size_t i = 0; i < j->n; i++) {
		int rc;

		if (j->status[i].state != KB_IMAGE_UNTAGGED)
			continue;
		rc = give_name(j, &j->status[i]);
		if (rc < 0)
			return rc;
		j->result->tagged++;
	}
	return 0;
}

static int work(struct job *j)
{
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < j->n; i++)
		any |= must_load(&j->status[i]);
	if (any)
		rc = remove_damaged(j);
	if (any && rc == 0)
		rc = load_missing(j);
	return rc < 0 ? rc : name_rest(j);
}

/* Once a write was lost the kernel may tell so only one time, and the next run
 * would find the images and believe in them. */
static int make_durable(struct job *j, struct kb_image_sync *sync)
{
	int rc = kb_image_sync_end(sync, j->err);

	for (size_t i = 0; rc < 0 && i < j->n; i++)
		if (j->fresh[i])
			kb_engine_remove(j->engine, j->status[i].id, NULL);
	return rc;
}

int kb_image_load(struct kb_engine *engine, const struct kb_image_feed *feed,
		  struct kb_image_status *status, size_t n, const struct kb_progress *progress,
		  struct kb_image_load *ret_load, struct kb_err *err)
{
	kb_autofree bool *fresh = kb_alloc(n, sizeof(*fresh));
	struct kb_image_load result = {0};
	struct kb_image_sync sync;
	struct kb_err local;
	struct job j = {engine,   feed,  feed->manifest, status,  n,
			progress, fresh, false,          &result, err ? err : &local};
	int rc;

	kb_image_sync_begin(engine, &sync);
	rc = work(&j);
	if (rc == 0)
		rc = make_durable(&j, &sync);
	kb_image_sync_drop(&sync);
	if (rc < 0)
		return rc;
	if (ret_load)
		*ret_load = result;
	return 0;
}
