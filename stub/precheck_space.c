#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/show.h"
#include "stub/packages.h"
#include "stub/paths.h"
#include "stub/precheck.h"

enum {
	RESERVE = 32 << 20, /* stays free on every file system we write to */
	INODES_PER_LAYER = 4096,
	INODE_RESERVE = 64,
};

/* The nearest folder of PATH that exists. Links are followed: only the file
 * system behind them is of interest. */
static int open_nearest(int rootfd, const char *path)
{
	kb_autofree char *work = kb_strdup(path);

	for (;;) {
		const char *relative = work[0] == '/' && work[1] ? work + 1 : ".";
		int fd = openat(rootfd, relative, O_PATH | O_CLOEXEC);
		char *slash = strrchr(work, '/');

		if (fd >= 0)
			return fd;
		if (!slash || (slash == work && !work[1]))
			return -1;
		slash[slash == work ? 1 : 0] = '\0';
	}
}

static struct kb_budget_line *line_of(struct kb_budget *budget, dev_t device, const char *path)
{
	struct kb_budget_line *line;

	for (size_t i = 0; i < budget->n; i++)
		if (budget->at[i].device == device)
			return &budget->at[i];
	if (budget->n == sizeof(budget->at) / sizeof(budget->at[0]))
		return NULL;
	line = &budget->at[budget->n++];
	memset(line, 0, sizeof(*line));
	line->device = device;
	snprintf(line->path, sizeof(line->path), "%s", path);
	return line;
}

void kb_budget_add(struct kb_budget *budget, int rootfd, const char *path, uint64_t bytes,
		   uint64_t inodes)
{
	kb_autoclose int fd = open_nearest(rootfd, path);
	struct kb_budget_line *line;
	struct statvfs fs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0 ||
	    !(line = line_of(budget, st.st_dev, path)))
		return;
	line->free = (uint64_t)fs.f_bavail * fs.f_frsize;
	line->read_only = line->read_only || fs.f_flag & ST_RDONLY;
	line->free_inodes = fs.f_files ? fs.f_favail : UINT64_MAX;
	if (__builtin_add_overflow(line->need, bytes, &line->need))
		line->need = UINT64_MAX;
	line->inodes += inodes;
}

static void add_images(struct kb_scene *scene, const struct kb_plan_item *item,
		       struct kb_budget *budget, struct kb_problems *problems)
{
	struct kb_image_budget need = {.stream = 0};
	uint64_t inodes = 0;
	struct kb_err err;

	if (!scene->engine || item->action == KB_ACTION_KEEP ||
	    kb_problems_take(problems,
			     kb_image_budget(scene->engine, scene->m, item->images, item->n_images,
					     &need, &err),
			     &err) < 0)
		return;
	for (size_t i = 0; i < item->n_images; i++)
		if (item->images[i].state == KB_IMAGE_ABSENT)
			inodes += item->image_list[i]->n_layers * (uint64_t)INODES_PER_LAYER;
	for (size_t i = 0; i < need.n_places; i++)
		kb_budget_add(budget, scene->rootfd, need.places[i].path, need.places[i].bytes,
			      i ? 0 : inodes);
}

/* The files in our state folder, and what is in them. */
static void add_packages(struct kb_scene *scene, const struct kb_package_plan *plan,
			 struct kb_budget *budget)
{
	kb_budget_add(budget, scene->rootfd, KB_PATH_STATE, plan->staged, plan->n_staged + 16);
	kb_budget_add(budget, scene->rootfd, "/usr", plan->installed, 0);
	kb_budget_add(budget, scene->rootfd, KB_PATH_DPKG, 0, 8 * plan->n_staged);
}

static uint64_t payload_size(const struct kb_manifest *m)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < m->n_files; i++)
		bytes += m->blobs[m->files[i].blob].size + 4096;
	return bytes;
}

static void judge(struct kb_scene *scene, const struct kb_budget_line *line,
		  struct kb_problems *problems)
{
	if (line->read_only)
		kb_problems_add(
			problems, KB_E_ENVIRONMENT,
			"%s is on a file system mounted read-only; remount it to write there",
			line->path);
	else if (line->need > line->free || line->free - line->need < RESERVE)
		kb_problems_add(problems, KB_E_SPACE,
				"%s: %s are needed and %s should stay free, but only %s are free",
				line->path, kb_show_size(line->need), kb_show_size(RESERVE),
				kb_show_size(line->free));
	else if (line->inodes > line->free_inodes ||
		 line->free_inodes - line->inodes < INODE_RESERVE)
		kb_problems_add(problems, KB_E_SPACE,
				"%s: about %llu files will be made, but only %llu inodes are free",
				line->path, (unsigned long long)line->inodes,
				(unsigned long long)line->free_inodes);
	else if (line->need > RESERVE)
		kb_report_say(scene->report, "space: %s needs %s of %s free", line->path,
			      kb_show_size(line->need), kb_show_size(line->free));
}

void kb_precheck_space(struct kb_scene *scene, const struct kb_plan *plan,
		       struct kb_problems *problems)
{
	struct kb_budget budget = {.n = 0};

	if (!kb_plan_changes(plan))
		return;
	kb_budget_add(&budget, scene->rootfd, KB_PATH_STATE, payload_size(scene->m),
		      scene->m->n_files + 8);
	kb_budget_add(&budget, scene->rootfd, KB_PATH_DATA, 0, 8);
	for (size_t i = 0; i < plan->n; i++) {
		const struct kb_plan_item *item = &plan->items[i];

		if (item->step->kind == KB_STEP_IMAGES)
			add_images(scene, item, &budget, problems);
		else if (item->packages)
			add_packages(scene, item->packages, &budget);
		else if (item->path && item->acts)
			kb_budget_add(&budget, scene->rootfd, item->path, item->bytes,
				      item->action == KB_ACTION_ADD);
	}
	for (size_t i = 0; i < budget.n; i++)
		judge(scene, &budget.at[i], problems);
}
