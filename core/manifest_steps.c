#include "core/manifest_check.h"

#include <stdlib.h>
#include <string.h>

#include "core/name.h"
#include "core/packages.h"

/* What each kind of step may and must carry. */
static const struct {
	bool source, target, host_path, timeout, watch;
	uint8_t phases; /* bits of enum kb_phase */
	uint8_t flags;
} rules[KB_STEP_KIND_COUNT] = {
	[KB_STEP_DIRECTORY] = {.target = true, .host_path = true, .phases = 1},
	[KB_STEP_FILE] = {.source = true,
			  .target = true,
			  .host_path = true,
			  .phases = 1,
			  .flags = KB_STEP_KEEP},
	[KB_STEP_TEMPLATE] = {.source = true,
			      .target = true,
			      .host_path = true,
			      .phases = 1,
			      .flags = KB_STEP_KEEP},
	[KB_STEP_UNIT] = {.source = true, .target = true, .watch = true, .phases = 1},
	[KB_STEP_IMAGES] = {.phases = 1},
	[KB_STEP_SCRIPT] = {.source = true,
			    .timeout = true,
			    .watch = true,
			    .phases = 15,
			    .flags = KB_STEP_ALWAYS | KB_STEP_NETWORK},
	[KB_STEP_WAIT] = {.source = true,
			  .timeout = true,
			  .phases = 15,
			  .flags = KB_STEP_PENDING | KB_STEP_NETWORK},
	[KB_STEP_CHECK] = {.source = true, .timeout = true, .phases = 14, .flags = KB_STEP_NETWORK},
	[KB_STEP_PACKAGES] = {.phases = 1},
	[KB_STEP_VOLUME] = {.target = true, .host_path = true, .phases = 1},
};

static int bad(struct kb_err *err, const struct kb_step *step, const char *what)
{
	return kb_err_set(err, KB_E_INVALID, "manifest: step %s: %s", step->id, what);
}

static bool unit_name(const char *name)
{
	size_t len = strlen(name);

	return len > 8 && len <= KB_NAME_ID_MAX && !strcmp(name + len - 8, ".service") &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len && name[0] != '.';
}

static int check_target(const struct kb_step *step, struct kb_err *err)
{
	if (!rules[step->kind].target)
		return *step->target ? bad(err, step, "has a target it cannot use") : 0;
	if (rules[step->kind].host_path) {
		int rc = kb_name_check_host_path(step->target, err);

		return rc < 0 ? kb_err_wrap(err, "manifest: step %s", step->id) : 0;
	}
	return unit_name(step->target) ? 0 : bad(err, step, "not the name of a service unit");
}

static int check_watch(const struct kb_manifest *m, const struct kb_step *step, struct kb_err *err)
{
	if (step->n_watch && !rules[step->kind].watch)
		return bad(err, step, "cannot watch other steps");
	for (size_t i = 0; i < step->n_watch; i++) {
		const struct kb_step *other = kb_manifest_step(m, step->watch[i]);

		if (!other || other >= step || other->phase != step->phase)
			return bad(err, step, "watches a step that does not come before it");
	}
	return 0;
}

/* Every name a step asks for is carried, for that release, with its index;
 * "-NAME" is one that may be removed. */
static int check_package(const struct kb_manifest *m, const struct kb_step *step, const char *arg,
			 struct kb_err *err)
{
	const char *slash = strchr(arg, '/');
	size_t len = slash ? (size_t)(slash - arg) : 0;
	bool carried = false;
	char *index;
	int rc = 0;

	if (arg[0] == '-')
		return kb_packages_is_name(arg + 1)
			       ? 0
			       : bad(err, step, "would remove what is not a package's name");
	for (size_t i = 0; slash && i < m->n_packages && !carried; i++)
		carried = strlen(m->packages[i].release) == len &&
			  strncmp(m->packages[i].release, arg, len) == 0 &&
			  strcmp(m->packages[i].name, slash + 1) == 0;
	if (!carried)
		return bad(err, step, "names a package the bundle does not carry");
	index = kb_format(KB_PACKAGES_FOLDER "%.*s/Packages", (int)len, arg);
	if (!kb_manifest_file(m, index))
		rc = bad(err, step, "has no index of its packages");
	free(index);
	return rc;
}

static int check_args(const struct kb_manifest *m, const struct kb_step *step, struct kb_err *err)
{
	for (size_t i = 0; step->kind == KB_STEP_IMAGES && i < step->n_args; i++)
		if (!kb_manifest_image(m, step->args[i]))
			return bad(err, step, "names an image the bundle does not carry");
	for (size_t i = 0; step->kind == KB_STEP_PACKAGES && i < step->n_args; i++) {
		int rc = i && strcmp(step->args[i - 1], step->args[i]) >= 0
				 ? bad(err, step, "its packages are not sorted")
				 : check_package(m, step, step->args[i], err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_step(const struct kb_manifest *m, const struct kb_step *step, struct kb_err *err)
{
	int rc;

	if (kb_name_check_id(step->id, err) < 0)
		return kb_err_wrap(err, "manifest: step");
	if (step->kind == 0 || step->kind >= KB_STEP_KIND_COUNT || step->phase >= KB_PHASE_COUNT)
		return bad(err, step, "of unknown kind or phase");
	if (!(rules[step->kind].phases & 1u << step->phase))
		return bad(err, step, "its kind is not allowed in this phase");
	if (step->flags & ~rules[step->kind].flags)
		return bad(err, step, "has a flag its kind does not know");
	if (rules[step->kind].source ? !kb_manifest_file(m, step->source) : *step->source)
		return bad(err, step, "its source is not a file of the bundle");
	if (rules[step->kind].timeout ? step->timeout == 0 || step->timeout > 86400
				      : step->timeout != 0)
		return bad(err, step, "its timeout is not between 1 second and a day");
	if (step->mode & ~0777 || step->mode & 0002)
		return bad(err, step, "its mode is set-id, sticky or world-writable");
	/* to chown that number means: leave it as it is */
	if (step->uid == UINT32_MAX || step->gid == UINT32_MAX)
		return bad(err, step, "its owner is no number of a user or group");
	if ((rc = check_target(step, err)) < 0 || (rc = check_watch(m, step, err)) < 0)
		return rc;
	return check_args(m, step, err);
}

int kb_manifest_check_steps(const struct kb_manifest *m, struct kb_err *err)
{
	for (size_t i = 0; i < m->n_steps; i++) {
		const struct kb_step *step = &m->steps[i];
		int rc = check_step(m, step, err);

		if (rc < 0)
			return rc;
		if (kb_manifest_step(m, step->id) != step)
			return bad(err, step, "its id stands twice");
		if (i && m->steps[i - 1].phase > step->phase)
			return bad(err, step, "phases are not in order");
	}
	return 0;
}
