#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/packages.h"
#include "core/proc.h"
#include "stub/paths.h"
#include "stub/signals.h"
#include "stub/step.h"

enum { ENV_MAX = 16 };

struct environment {
	char *at[ENV_MAX + 1];
	size_t n;
};

static void set(struct environment *env, const char *name, const char *value)
{
	if (env->n < ENV_MAX)
		env->at[env->n++] = kb_format("%s=%s", name, value ? value : "");
}

/* docs/manifest.md lists it; nothing else, and never a secret. */
static void build_environment(const struct kb_scene *scene, const struct kb_step *step,
			      struct environment *env)
{
	const struct kb_host *self = scene->target.self;
	kb_autofree char *failed = kb_format("%u", scene->failed);

	set(env, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
	set(env, "LC_ALL", "C.UTF-8");
	set(env, "TZ", "UTC");
	set(env, "HOME", "/root");
	set(env, "KEYBUZZ_PAYLOAD", scene->payload_path);
	set(env, "KEYBUZZ_CONTEXT", scene->context_path);
	set(env, "KEYBUZZ_ROLE", scene->m->role);
	set(env, "KEYBUZZ_HOST", self ? self->name : "");
	set(env, "KEYBUZZ_ADDRESS", self ? self->address : "");
	set(env, "KEYBUZZ_VERB", scene->verb);
	set(env, "KEYBUZZ_STEP", step->id);
	set(env, "KEYBUZZ_FAILED", failed);
}

static void free_environment(struct environment *env)
{
	for (size_t i = 0; i < env->n; i++)
		free(env->at[i]);
}

static void on_line(void *ctx, enum kb_proc_stream stream, const char *line, size_t len, bool cut)
{
	const struct kb_program *program = ctx;

	kb_output_line(program->output, stream, line, len, cut);
}

/* A script is a safe point's worth of work: the first request to stop lets it
 * finish. A condition is only being asked: the first request ends it. */
static bool wants_stop(void *ctx)
{
	const struct kb_program *program = ctx;

	return program->step->kind == KB_STEP_WAIT ? kb_signals_stop() : kb_signals_now();
}

/* Once a run. */
static void note_online(struct kb_scene *scene, int error)
{
	if (scene->online)
		return;
	scene->online = true;
	kb_report_note(scene->report,
		       "this host cannot run steps without its network, so they have it: %s",
		       strerror(error));
}

int kb_program_run(struct kb_scene *scene, const struct kb_program *program,
		   struct kb_proc_result *ret_result, struct kb_err *err)
{
	const struct kb_step *step = program->step;
	kb_autofree char *path = kb_format("%s/%s", scene->payload_path, step->source);
	kb_autofree const char **argv = kb_alloc(step->n_args + 3, sizeof(*argv));
	struct environment env = {.n = 0};
	struct kb_proc proc = {.argv = argv,
			       .cwd = scene->payload_path,
			       .timeout = program->timeout,
			       .offline = !(step->flags & KB_STEP_NETWORK),
			       .line = on_line,
			       .stop = wants_stop,
			       .ctx = (void *)(uintptr_t)program};
	int rc;

	argv[0] = KB_PATH_SHELL;
	argv[1] = path;
	for (size_t i = 0; i < step->n_args; i++)
		argv[i + 2] = step->args[i];
	build_environment(scene, step, &env);
	proc.env = (const char *const *)env.at;
	kb_signals_program(true);
	rc = kb_proc_run(&proc, ret_result, err);
	kb_signals_program(false);
	free_environment(&env);
	if (rc == 0 && ret_result->online)
		note_online(scene, ret_result->online);
	return rc;
}

int kb_program_judge(const struct kb_program *program, const struct kb_proc_result *result,
		     int code, struct kb_err *err)
{
	const struct kb_proc proc = {.timeout = program->timeout};
	const char *reason = kb_output_reason(program->output);
	char how[64];

	if (result->stopped)
		return kb_signals_check(err);
	if (result->status == 0 && !result->timed_out)
		return 0;
	kb_proc_describe(&proc, result, how, sizeof(how));
	return kb_err_set(err, result->timed_out ? KB_E_TIMEOUT : code, "%s: %s%s%s",
			  program->step->source, how, *reason ? ": " : "", reason);
}

/* Is FILE the source of a step? Then only that step reads it. */
static bool is_source(const struct kb_manifest *m, const char *path)
{
	for (size_t i = 0; i < m->n_steps; i++)
		if (strcmp(m->steps[i].source, path) == 0)
			return true;
	return false;
}

void kb_program_digest(const struct kb_scene *scene, struct kb_step_digest *d,
		       const struct kb_step *step)
{
	const struct kb_manifest *m = scene->m;

	kb_step_digest_text(d, step->source);
	for (size_t i = 0; i < m->n_files; i++) {
		const struct kb_file *file = &m->files[i];

		/* the inventory reaches scripts as the facts they ask for */
		if (strchr(file->path, '/') &&
		    strncmp(file->path, KB_PACKAGES_FOLDER, strlen(KB_PACKAGES_FOLDER)) != 0 &&
		    (strcmp(file->path, step->source) == 0 || !is_source(m, file->path))) {
			kb_step_digest_text(d, file->path);
			kb_step_digest_add(d, m->blobs[file->blob].digest.b, KB_DIGEST_LEN);
		}
	}
	if (scene->target.self) {
		kb_step_digest_text(d, scene->target.self->name);
		kb_step_digest_text(d, scene->target.self->address);
	}
}
