#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/path.h"
#include "stub/audit.h"
#include "stub/keyfile.h"
#include "stub/paths.h"
#include "stub/undo.h"

static bool is_placed(const struct kb_step *step)
{
	return !(step->flags & KB_STEP_KEEP) &&
	       (step->kind == KB_STEP_FILE || step->kind == KB_STEP_TEMPLATE ||
		step->kind == KB_STEP_UNIT);
}

static void add_file(const struct kb_scene *scene, const struct kb_plan_item *item,
		     struct kb_buf *out)
{
	const char *prefix = item->step->kind == KB_STEP_UNIT ? KB_PATH_UNITS "/" : "";

	kb_keyfile_add(out, "file", "%s %s%s", kb_undo_content(scene, item), prefix,
		       item->step->target);
}

static bool is_whole(const struct kb_plan *plan, const struct kb_step *folder)
{
	size_t len = strlen(folder->target);

	for (size_t i = 0; i < plan->n && folder->uid == 0; i++) {
		const struct kb_step *step = plan->items[i].step;

		if (is_placed(step) && strncmp(step->target, folder->target, len) == 0 &&
		    step->target[len] == '/' && !strchr(step->target + len + 1, '/'))
			return true;
	}
	return false;
}

static int not_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct kb_scene *scene, const struct kb_step *folder, struct kb_buf *out,
		      struct kb_err *err)
{
	kb_autoclose int fd = -1;
	struct dirent **names;
	int n, rc = kb_path_open_dir(scene->rootfd, folder->target, &scene->owners, &fd, err);

	if (rc < 0)
		return rc;
	if ((n = scandirat(fd, ".", &names, not_dots, by_bytes)) < 0)
		return kb_err_errno(err, KB_E_IO, "%s", folder->target);
	kb_keyfile_add(out, "folder", "%s", folder->target);
	for (int i = 0; i < n; free(names[i++]))
		kb_keyfile_add(out, "entry", "%s/%s", folder->target, names[i]->d_name);
	free(names);
	return 0;
}

int kb_audit_record(struct kb_scene *scene, const struct kb_plan *plan, struct kb_err *err)
{
	kb_autobuf struct kb_buf out = KB_BUF_INIT;
	int rc = 0;

	kb_keyfile_begin(&out, KB_NAME_PLACED);
	for (size_t i = 0; rc == 0 && i < plan->n; i++) {
		const struct kb_step *step = plan->items[i].step;

		if (is_placed(step))
			add_file(scene, &plan->items[i], &out);
		else if (step->kind == KB_STEP_DIRECTORY && is_whole(plan, step))
			rc = add_folder(scene, step, &out, err);
	}
	if (rc == 0)
		rc = kb_keyfile_write(scene->state.role, KB_NAME_PLACED, &out, err);
	return rc < 0 ? kb_err_wrap(err, "record what was placed") : 0;
}
