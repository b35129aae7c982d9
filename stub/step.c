#include "stub/step.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/mem.h"
#include "core/template.h"

const struct kb_step_ops *kb_step_ops(int kind)
{
	static const struct kb_step_ops *const rows[KB_STEP_KIND_COUNT] = {
		[KB_STEP_DIRECTORY] = &kb_step_directory, [KB_STEP_FILE] = &kb_step_file,
		[KB_STEP_TEMPLATE] = &kb_step_template,   [KB_STEP_UNIT] = &kb_step_unit,
		[KB_STEP_IMAGES] = &kb_step_images,       [KB_STEP_SCRIPT] = &kb_step_script,
		[KB_STEP_WAIT] = &kb_step_wait,           [KB_STEP_CHECK] = &kb_step_check,
		[KB_STEP_PACKAGES] = &kb_step_packages,   [KB_STEP_VOLUME] = &kb_step_volume,
	};

	return kind > 0 && kind < KB_STEP_KIND_COUNT ? rows[kind] : NULL;
}

void kb_step_digest_add(struct kb_step_digest *d, const void *data, size_t len)
{
	uint8_t head[8];

	kb_put64(head, len);
	kb_sha256_add(d->sha, head, sizeof(head));
	kb_sha256_add(d->sha, data, len);
}

void kb_step_digest_text(struct kb_step_digest *d, const char *text)
{
	kb_step_digest_add(d, text, strlen(text));
}

void kb_step_digest_number(struct kb_step_digest *d, uint64_t number)
{
	uint8_t bytes[8];

	kb_put64(bytes, number);
	kb_step_digest_add(d, bytes, sizeof(bytes));
}

void kb_step_digest_begin(struct kb_step_digest *d, const struct kb_step *step)
{
	d->sha = kb_sha256_new();
	kb_step_digest_text(d, "keybuzz-run/step/v1");
	kb_step_digest_number(d, step->kind);
	kb_step_digest_number(d, step->flags);
	kb_step_digest_text(d, step->target);
	kb_step_digest_number(d, step->uid);
	kb_step_digest_number(d, step->gid);
	kb_step_digest_number(d, step->mode);
	kb_step_digest_number(d, step->n_args);
	for (size_t i = 0; i < step->n_args; i++)
		kb_step_digest_text(d, step->args[i]);
}

void kb_step_digest_watched(struct kb_step_digest *d, const struct kb_plan *plan,
			    const struct kb_step *step)
{
	kb_step_digest_number(d, step->n_watch);
	for (size_t i = 0; i < step->n_watch; i++) {
		const struct kb_plan_item *other = kb_plan_find(plan, step->watch[i]);

		kb_step_digest_text(d, step->watch[i]);
		if (other)
			kb_step_digest_add(d, other->result.b, sizeof(other->result.b));
	}
}

void kb_step_digest_end(struct kb_step_digest *d, struct kb_digest *ret_digest)
{
	kb_sha256_end(d->sha, ret_digest);
	kb_sha256_free(d->sha);
	d->sha = NULL;
}

bool kb_step_is_done(const struct kb_scene *scene, const struct kb_plan_item *item)
{
	const struct kb_record *last = kb_journal_last(scene->journal, item->step->id);

	return last && last->state == KB_RECORD_DONE && kb_digest_eq(&last->input, &item->input);
}

bool kb_step_acts(const struct kb_scene *scene, const struct kb_plan_item *item)
{
	if (item->action == KB_ACTION_KEEP || item->action == KB_ACTION_PENDING)
		return false;
	return !(item->step->flags & KB_STEP_ALWAYS && item->step->kind == KB_STEP_SCRIPT &&
		 kb_step_is_done(scene, item));
}

const char *kb_step_watched_change(const struct kb_scene *scene, const struct kb_plan *plan,
				   const struct kb_step *step)
{
	const struct kb_record *mine = kb_journal_last_of(scene->journal, step->id, KB_RECORD_DONE);

	for (size_t i = 0; i < step->n_watch; i++) {
		const struct kb_plan_item *other = kb_plan_find(plan, step->watch[i]);
		const struct kb_record *last = kb_journal_last(scene->journal, step->watch[i]);

		if ((other && other->acts) || (mine && last && last->seq > mine->seq))
			return step->watch[i];
	}
	return NULL;
}

void kb_step_decide(struct kb_plan_item *item, enum kb_action action, const char *fmt, ...)
{
	char *reason = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&reason, fmt, ap) < 0)
		kb_no_memory();
	va_end(ap);
	free(item->reason);
	item->reason = reason;
	item->action = action;
}

int kb_step_render(struct kb_scene *scene, struct kb_plan_item *item, mode_t mode,
		   struct kb_err *err)
{
	kb_autobuf struct kb_buf source = KB_BUF_INIT;
	kb_autotemplate struct kb_template *template = NULL;
	bool secret = false;
	int rc;

	if ((rc = kb_bundle_load_file(scene->bundle, item->step->source, &source, err)) < 0)
		return rc;
	kb_buf_reserve(&source, 0);
	if ((rc = kb_template_parse(item->step->source, source.data, source.len, NULL, &template,
				    err)) < 0 ||
	    (rc = kb_template_render(template, scene->context, NULL, &item->content, &secret,
				     err)) < 0)
		return rc;
	kb_buf_reserve(&item->content, 0);
	if (secret && mode & S_IROTH)
		return kb_err_set(err, KB_E_INVALID,
				  "it holds a credential and would be readable by everybody "
				  "(mode %04o)",
				  mode);
	return 0;
}
