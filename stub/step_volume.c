#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "stub/paths.h"
#include "stub/step.h"
#include "stub/units.h"
#include "stub/volume.h"

enum { RELOAD_TIMEOUT = 120 };

void kb_volume_plan_free(struct kb_volume_plan *plan)
{
	if (plan)
		free(plan->device);
	free(plan);
}

/* ---- planning ---- */

/* Owner and mode of what is there now; the volume's own are set after it is
 * mounted. False when they differ, or nothing is there. */
static bool is_owned(struct kb_scene *scene, const struct kb_step *step, bool *ret_there)
{
	kb_autoclose int fd = -1;
	struct stat st;

	*ret_there = kb_path_open_dir(scene->rootfd, step->target, &scene->owners, &fd, NULL) == 0;
	return *ret_there && fstat(fd, &st) == 0 && (st.st_mode & 07777) == step->mode &&
	       st.st_uid == step->uid && st.st_gid == step->gid;
}

static void decide(struct kb_scene *scene, struct kb_plan_item *item)
{
	const struct kb_volume_plan *plan = item->volume;
	const struct kb_step *step = item->step;
	bool there, owned = is_owned(scene, step, &there);
	const char *where =
		plan->root ? "on the root file system, as the site permits" : plan->device;

	if (plan->format)
		kb_step_decide(item, KB_ACTION_ADD,
			       "%s: format %s, which is empty, with XFS, and "
			       "mount it",
			       step->target, plan->device);
	else if (plan->mount)
		kb_step_decide(item, KB_ACTION_ADD, "%s: mount %s", step->target, plan->device);
	else if (!there)
		kb_step_decide(item, KB_ACTION_ADD, "%s: %s", step->target, where);
	else if (plan->persist)
		kb_step_decide(item, KB_ACTION_CHANGE,
			       "%s: %s is mounted, but not at the next boot", step->target, where);
	else if (!owned)
		kb_step_decide(item, KB_ACTION_CHANGE, "%s: %s; owner or mode is not %u:%u, %04o",
			       step->target, where, step->uid, step->gid, step->mode);
	else
		kb_step_decide(item, KB_ACTION_KEEP, "%s: %s", step->target, where);
}

static bool is_label(const struct kb_step *step)
{
	const char *label = step->n_args == 1 ? step->args[0] : "";
	size_t len = strlen(label);

	return len && len <= KB_VOLUME_LABEL_MAX && label[0] != '-' &&
	       strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static int inspect(struct kb_scene *scene, const struct kb_plan *plan, struct kb_plan_item *item,
		   struct kb_err *err)
{
	struct kb_step_digest d;
	int rc;

	(void)plan;
	kb_step_digest_begin(&d, item->step);
	kb_step_digest_end(&d, &item->input);
	item->result = item->input;
	if (!is_label(item->step))
		return kb_err_set(err, KB_E_INVALID, "a volume has a label of at most %d signs",
				  KB_VOLUME_LABEL_MAX);
	item->volume = kb_alloc(1, sizeof(*item->volume));
	if ((rc = kb_volume_judge(scene, item, err)) < 0)
		return rc;
	decide(scene, item);
	return 0;
}

/* ---- doing ---- */

/* Whatever has happened since the plan: looked at once more. */
static int format(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	struct kb_volume_plan *plan = item->volume;
	struct kb_volume_probe probe;
	int rc;

	if ((rc = kb_volume_check_unused(plan->device, err)) < 0 ||
	    (rc = kb_volume_probe(plan->device, &probe, err)) < 0)
		return rc;
	if (probe.content != KB_VOLUME_EMPTY)
		return kb_err_set(err, KB_E_ENVIRONMENT, "%s is not empty any more", plan->device);
	if ((rc = kb_volume_format(scene->report, item->step->id, plan->device, item->step->args[0],
				   err)) < 0 ||
	    (rc = kb_volume_probe(plan->device, &probe, err)) < 0)
		return rc;
	if (probe.content != KB_VOLUME_XFS || !*probe.uuid)
		return kb_err_set(err, KB_E_STEP, "%s: mkfs.xfs left no XFS there", plan->device);
	memcpy(plan->uuid, probe.uuid, sizeof(plan->uuid));
	return 0;
}

static int persist(struct kb_scene *scene, const struct kb_plan_item *item, struct kb_err *err)
{
	const struct kb_place place = {.path = KB_PATH_FSTAB, .mode = 0644, .uid = 0, .gid = 0};
	kb_autobuf struct kb_buf old = KB_BUF_INIT, text = KB_BUF_INIT;
	int rc = kb_volume_read_table(scene, KB_PATH_FSTAB, &old, err);

	if (rc < 0)
		return rc;
	kb_volume_fstab_add(old.data, item->step->target, item->volume->uuid, &text);
	return kb_place_write(scene, &place, text.data, text.len, err);
}

static int mount_it(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	kb_autobuf struct kb_buf mounts = KB_BUF_INIT;
	struct kb_volume_mounted mounted;
	/* a line of the administrator's may have other options */
	const char *device = item->volume->persist ? item->volume->device : NULL;
	int rc = kb_volume_mount(scene->report, item->step->id, device, item->step->target, err);

	if (rc < 0 || (rc = kb_volume_read_table(scene, KB_PATH_MOUNTS, &mounts, err)) < 0)
		return rc;
	if (!kb_volume_mounted(mounts.data, item->step->target, &mounted) ||
	    strcmp(mounted.type, "xfs") != 0)
		return kb_err_set(err, KB_E_STEP, "%s: no XFS is mounted there after `mount`",
				  item->step->target);
	return 0;
}

static int make_folder(struct kb_scene *scene, const struct kb_step *step, struct kb_err *err)
{
	kb_autoclose int fd = -1;

	/* closed to everybody: nothing is to be written below the volume */
	return kb_path_make_dir(scene->rootfd, step->target, 0700, &scene->owners, &fd, err);
}

static int set_owner(struct kb_scene *scene, const struct kb_step *step, struct kb_err *err)
{
	kb_autoclose int fd = -1;
	int rc = kb_path_open_dir(scene->rootfd, step->target, &scene->owners, &fd, err);

	if (rc < 0)
		return rc;
	if (fchown(fd, step->uid, step->gid) < 0 || fchmod(fd, step->mode) < 0 || fsync(fd) < 0)
		return kb_err_errno(err, KB_E_IO, "owner and mode of %s", step->target);
	return 0;
}

static int apply(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	const struct kb_volume_plan *plan = item->volume;
	const struct kb_step *step = item->step;
	int rc;

	if (plan->root)
		kb_report_warn(scene->report,
			       "%s is on the root file system: this host has no data volume",
			       step->target);
	if ((plan->format && (rc = format(scene, item, err)) < 0) ||
	    (plan->persist && (rc = persist(scene, item, err)) < 0) ||
	    (rc = make_folder(scene, step, err)) < 0 ||
	    (plan->mount && (rc = mount_it(scene, item, err)) < 0) ||
	    (rc = set_owner(scene, step, err)) < 0)
		return rc;
	/* systemd orders services by what it has read of /etc/fstab */
	if (plan->persist && scene->systemd)
		rc = kb_unit_do(scene->report, step->id, "daemon-reload", NULL, RELOAD_TIMEOUT,
				err);
	return rc;
}

const struct kb_step_ops kb_step_volume = {.inspect = inspect, .apply = apply};
