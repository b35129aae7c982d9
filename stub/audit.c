#include "stub/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dir.h"
#include "core/file.h"
#include "core/format.h"
#include "stub/keyfile.h"
#include "stub/packages.h"
#include "stub/paths.h"
#include "stub/units.h"

struct audit {
	struct kb_run *run;
	struct kb_manifest *m;
	struct kb_keyfile *placed;
	uid_t *uids;
	struct kb_owners owners;
	bool systemd;
	kb_audit_told told;
	void *ctx;
	size_t found;
};

static void find(struct audit *a, const char *what, const char *name, const char *why)
{
	a->told(a->ctx, what, name, why);
	a->found++;
}

/* The manifest that is installed: the signed part without its header, which is
 * as long as the recorded identity is its digest. */
static int read_manifest(int statefd, const struct kb_outcome *o, struct kb_manifest **ret_m,
			 struct kb_err *err)
{
	kb_autobuf struct kb_buf bytes = KB_BUF_INIT;
	struct kb_digest digest;
	int rc = kb_file_read_at(statefd, KB_NAME_MANIFEST, KB_HEADER_LEN + KB_MANIFEST_MAX, &bytes,
				 err);

	if (rc < 0)
		return kb_err_wrap(err, "the recorded manifest");
	if (bytes.len > KB_HEADER_LEN)
		kb_digest_of(bytes.data + KB_HEADER_LEN, bytes.len - KB_HEADER_LEN, &digest);
	if (bytes.len <= KB_HEADER_LEN || strcmp(kb_digest_hex(&digest), o->manifest) != 0)
		return kb_err_set(err, KB_E_STATE,
				  "the recorded manifest is not the one that was installed");
	return kb_manifest_read((const uint8_t *)bytes.data + KB_HEADER_LEN,
				bytes.len - KB_HEADER_LEN, ret_m, err);
}

static void collect_owners(struct audit *a)
{
	a->uids = kb_alloc(a->m->n_steps, sizeof(*a->uids));
	for (size_t i = 0; i < a->m->n_steps; i++)
		if (a->m->steps[i].kind == KB_STEP_DIRECTORY && a->m->steps[i].uid)
			a->uids[a->owners.n++] = a->m->steps[i].uid;
	a->owners.uids = a->uids;
}

/* "HEX PATH" of PATH, or NULL. */
static const char *placed_digest(const struct audit *a, const char *path)
{
	const char *key, *value;

	for (size_t i = 0; kb_keyfile_at(a->placed, i, &key, &value); i++)
		if (strcmp(key, "file") == 0 && strlen(value) > KB_HEX_LEN + 1 &&
		    strcmp(value + KB_HEX_LEN + 1, path) == 0)
			return value;
	return NULL;
}

static const char *wrong_rights(const struct kb_step *step, const struct stat *st)
{
	bool unit = step->kind == KB_STEP_UNIT;

	if ((st->st_mode & 07777) != (unit ? 0644u : step->mode))
		return "its mode is another one";
	if (st->st_uid != step->uid || st->st_gid != step->gid)
		return "its owner is another one";
	return NULL;
}

/* What is wrong with the file at PATH; NULL: nothing. */
static const char *file_trouble(const struct audit *a, const struct kb_step *step, int fd,
				const char *path, const struct stat *st)
{
	const char *digest = placed_digest(a, path);
	struct kb_digest real;

	if (step->flags & KB_STEP_KEEP)
		return NULL;
	if (!digest)
		return "nothing is recorded about it";
	if (kb_digest_of_fd(fd, &real, NULL, NULL) < 0)
		return "it cannot be read";
	if (strncmp(kb_digest_hex(&real), digest, KB_HEX_LEN) != 0)
		return "its content is another one";
	return wrong_rights(step, st);
}

static int check_path(struct audit *a, const struct kb_step *step, const char *path,
		      struct kb_err *err)
{
	bool folder = step->kind == KB_STEP_DIRECTORY;
	kb_autoclose int dirfd = -1, fd = -1;
	const char *name, *trouble = NULL;
	struct kb_err found;
	struct stat st = {.st_mode = 0};
	int rc = kb_path_open_parent(a->run->rootfd, path, &a->owners, &dirfd, &name, &found);

	if (rc == 0 && folder && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		rc = kb_err_errno(&found, errno == ENOENT ? KB_E_MISSING : KB_E_IO, "%s", path);
	else if (rc == 0 && !folder)
		rc = kb_path_open_file(dirfd, name, &fd, &st, &found);
	if (rc == KB_E_MISSING)
		find(a, "missing", path, "it is not there");
	else if (rc == KB_E_PATH || rc == KB_E_ENVIRONMENT)
		find(a, "changed", path, found.text);
	else if (rc < 0)
		return kb_err_set(err, rc, "%s", found.text);
	if (rc < 0)
		return 0;
	if (folder)
		trouble = S_ISDIR(st.st_mode) ? wrong_rights(step, &st) : "it is no directory";
	else
		trouble = file_trouble(a, step, fd, path, &st);
	if (trouble)
		find(a, "changed", path, trouble);
	return 0;
}

static int check_unit(struct audit *a, const struct kb_step *step, struct kb_err *err)
{
	kb_autofree char *path = kb_format(KB_PATH_UNITS "/%s", step->target);
	struct kb_unit_state state;
	int rc = check_path(a, step, path, err);

	if (rc < 0)
		return rc;
	if (!a->systemd || kb_unit_show(step->target, &state, NULL) < 0) {
		find(a, "unknown", step->target, "systemd cannot be asked");
		return 0;
	}
	if (!kb_unit_is_up(&state))
		find(a, "changed", step->target, "the service does not run");
	if (!state.enabled)
		find(a, "changed", step->target, "the service is not enabled");
	if (state.need_reload)
		find(a, "changed", step->target, "systemd runs an older text");
	return 0;
}

static int check_images(struct audit *a, const struct kb_step *step, struct kb_err *err)
{
	kb_autofree struct kb_image_status *status = kb_alloc(step->n_args, sizeof(*status));
	kb_autofree const struct kb_image **list = kb_alloc(step->n_args, sizeof(*list));
	struct kb_engine_options options = {.progress = kb_report_progress(&a->run->report)};
	struct kb_engine *engine = NULL;
	struct kb_err found;
	int rc = kb_engine_open(&options, &engine, &found);

	(void)err;
	for (size_t i = 0; i < step->n_args; i++)
		list[i] = kb_manifest_image(a->m, step->args[i]);
	if (rc == 0)
		rc = kb_image_present(engine, a->m, list, step->n_args, false, options.progress,
				      status, &found);
	kb_engine_close(engine);
	if (rc < 0)
		find(a, "unknown", step->id, found.text);
	for (size_t i = 0; rc == 0 && i < step->n_args; i++)
		if (status[i].state != KB_IMAGE_PRESENT)
			find(a, status[i].state == KB_IMAGE_ABSENT ? "missing" : "changed",
			     list[i]->reference, "the image is not the signed one");
	return 0;
}

static int check_packages(struct audit *a, const struct kb_step *step, struct kb_err *err)
{
	struct kb_package_plan *plan = NULL;
	struct kb_err found;
	int rc = kb_package_plan_look(a->run->rootfd, a->m, step, &plan, &found);

	if (rc == KB_E_TARGET)
		find(a, "unknown", step->id, found.text);
	else if (rc < 0)
		return kb_err_set(err, rc, "%s", found.text);
	for (size_t i = 0; plan && i < plan->n_names; i++)
		find(a, "missing", plan->names[i],
		     "not installed in the version of the release or a later one");
	kb_package_plan_free(plan);
	return 0;
}

static int check_step(struct audit *a, const struct kb_step *step, struct kb_err *err)
{
	switch (step->kind) {
	case KB_STEP_DIRECTORY:
	case KB_STEP_FILE:
	case KB_STEP_TEMPLATE: return check_path(a, step, step->target, err);
	case KB_STEP_UNIT: return check_unit(a, step, err);
	case KB_STEP_IMAGES: return check_images(a, step, err);
	case KB_STEP_PACKAGES: return check_packages(a, step, err);
	default: return 0; /* what a script did is its check's business */
	}
}

static bool is_known(const struct audit *a, const char *path)
{
	const char *key, *value;

	for (size_t i = 0; kb_keyfile_at(a->placed, i, &key, &value); i++)
		if (strcmp(key, "entry") == 0 && strcmp(value, path) == 0)
			return true;
	return false;
}

static int look_for_foreign(struct audit *a, const char *folder, struct kb_err *err)
{
	kb_autoclose int fd = -1;
	kb_autodir DIR *dir = NULL;
	const char *name;
	int rc;

	if (kb_path_open_dir(a->run->rootfd, folder, &a->owners, &fd, NULL) < 0)
		return 0; /* told by its own step */
	if ((rc = kb_dir_open(fd, ".", &dir, err)) < 0)
		return kb_err_wrap(err, "%s", folder);
	while ((rc = kb_dir_next(dir, &name, err)) > 0) {
		kb_autofree char *path = kb_format("%s/%s", folder, name);

		if (!is_known(a, path))
			find(a, "foreign", path, "no install put it there");
	}
	return rc;
}

static int check_all(struct audit *a, struct kb_err *err)
{
	const char *key, *value;
	struct stat st;
	int rc = 0;

	collect_owners(a);
	a->systemd = fstatat(a->run->rootfd, &KB_PATH_SYSTEMD[1], &st, 0) == 0;
	for (size_t i = 0; rc == 0 && i < a->m->n_steps; i++)
		if (a->m->steps[i].phase == KB_PHASE_INSTALL)
			rc = check_step(a, &a->m->steps[i], err);
	for (size_t i = 0; rc == 0 && kb_keyfile_at(a->placed, i, &key, &value); i++)
		if (strcmp(key, "folder") == 0)
			rc = look_for_foreign(a, value, err);
	return rc;
}

int kb_audit_role(struct kb_run *run, int statefd, const struct kb_outcome *outcome,
		  kb_audit_told told, void *ctx, size_t *ret_found, struct kb_err *err)
{
	struct audit a = {.run = run, .told = told, .ctx = ctx};
	int rc = 0;

	if (outcome->state != KB_OUTCOME_INSTALLED && outcome->state != KB_OUTCOME_PENDING)
		find(&a, "unknown", kb_outcome_name(outcome->state),
		     "the role is not wholly installed; run the install again");
	else if ((rc = read_manifest(statefd, outcome, &a.m, err)) == 0 &&
		 (rc = kb_keyfile_read(statefd, KB_NAME_PLACED, KB_NAME_PLACED, &a.placed, err)) ==
			 0)
		rc = check_all(&a, err);
	kb_manifest_free(a.m);
	kb_keyfile_free(a.placed);
	free(a.uids);
	if (rc == 0)
		*ret_found = a.found;
	return rc;
}
