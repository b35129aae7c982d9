#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/dir.h"
#include "core/file.h"
#include "stub/paths.h"
#include "stub/step.h"
#include "stub/volume.h"

enum { TABLE_MAX = 1 << 20 };

/* ---- the site's word ---- */

static const char *text_of(const struct kb_value *map, const char *key)
{
	const struct kb_value *value = kb_value_get(map, key);
	const char *text = value ? kb_value_str(value, NULL) : NULL;

	return text ? text : "";
}

/* The device in the entry for HOST, NULL when there is none. */
static const char *device_of(const struct kb_value *hosts, const char *host)
{
	for (size_t i = 0; i < kb_value_count(hosts); i++)
		if (strcmp(text_of(kb_value_at(hosts, i), "host"), host) == 0)
			return text_of(kb_value_at(hosts, i), "device");
	return NULL;
}

int kb_volume_settings(const struct kb_value *variables, const char *host, const char **ret_device,
		       bool *ret_root, struct kb_err *err)
{
	const struct kb_value *volumes = kb_value_get(variables, "volumes");
	const struct kb_value *hosts = volumes ? kb_value_get(volumes, "hosts") : NULL;
	const struct kb_value *root = volumes ? kb_value_get(volumes, "root") : NULL;
	const char *device = hosts ? device_of(hosts, host) : NULL;

	if (!device)
		device = volumes ? text_of(volumes, "device") : "";
	if (*device && strncmp(device, "/dev/", 5) != 0 && strncmp(device, "UUID=", 5) != 0)
		return kb_err_set(
			err, KB_E_INVALID,
			"variable volumes: \"%s\" is neither a path below /dev nor UUID=..",
			device);
	*ret_device = device;
	*ret_root = root && kb_value_truth(root);
	return 0;
}

/* ---- looking ---- */

int kb_volume_read_table(struct kb_scene *scene, const char *path, struct kb_buf *text,
			 struct kb_err *err)
{
	int rc = kb_file_read_at(scene->rootfd, path + 1, TABLE_MAX, text, err);

	kb_buf_puts(text, "");
	return rc == KB_E_MISSING ? 0 : rc;
}

/* A unit of the administrator's counts as well as a line of /etc/fstab. */
static bool has_unit(struct kb_scene *scene, const char *target)
{
	kb_autofree char *name = kb_volume_unit(target);
	kb_autofree char *path = kb_format(KB_PATH_UNITS "/%s", name);

	return faccessat(scene->rootfd, path + 1, F_OK, 0) == 0;
}

/* The folder the volume goes on: empty, or its files would be hidden. */
static int check_empty(struct kb_scene *scene, const char *target, struct kb_err *err)
{
	kb_autoclose int fd = -1;
	kb_autodir DIR *dir = NULL;
	const char *name;
	int rc = kb_path_open_dir(scene->rootfd, target, &scene->owners, &fd, err);

	if (rc < 0)
		return rc == KB_E_MISSING ? 0 : rc;
	if ((rc = kb_dir_open(fd, ".", &dir, err)) < 0 || (rc = kb_dir_next(dir, &name, err)) < 0)
		return kb_err_wrap(err, "%s", target);
	return rc ? kb_err_set(err, KB_E_ENVIRONMENT,
			       "%s holds files, which the volume would hide; move them away",
			       target)
		  : 0;
}

static void take_device(struct kb_volume_plan *plan, const char *device)
{
	free(plan->device);
	plan->device = kb_strdup(device);
}

/* It is mounted: is it what it should be, and also after the next boot? */
static int judge_mounted(struct kb_scene *scene, struct kb_plan_item *item,
			 const struct kb_volume_mounted *mounted, bool permanent,
			 struct kb_err *err)
{
	struct kb_volume_plan *plan = item->volume;
	const char *target = item->step->target;
	struct kb_volume_probe probe;

	(void)scene;
	if (strcmp(mounted->type, "xfs") != 0)
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s: %s with %s is mounted there, an XFS volume is wanted",
				  target, mounted->source, mounted->type);
	if (mounted->read_only)
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s is mounted read-only; `dmesg` may say why", target);
	take_device(plan, mounted->source);
	if (!permanent && kb_volume_probe(mounted->source, &probe, NULL) == 0 && *probe.uuid) {
		memcpy(plan->uuid, probe.uuid, sizeof(plan->uuid));
		plan->persist = true;
	}
	return 0;
}

/* A device that the site names, or that has the role's label. */
static int judge_device(struct kb_plan_item *item, const char *device, struct kb_err *err)
{
	struct kb_volume_plan *plan = item->volume;
	struct kb_volume_probe probe;
	int rc;

	if ((rc = kb_volume_check_unused(device, err)) < 0 ||
	    (rc = kb_volume_probe(device, &probe, err)) < 0)
		return rc;
	take_device(plan, device);
	plan->persist = plan->mount = true;
	memcpy(plan->uuid, probe.uuid, sizeof(plan->uuid));
	if (probe.content == KB_VOLUME_XFS && strcmp(probe.label, item->step->args[0]) == 0)
		return 0;
	if (probe.content == KB_VOLUME_XFS)
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s holds an XFS file system that is not ours (label \"%s\"); to "
				  "use it as it is: xfs_admin -L %s %s",
				  device, probe.label, item->step->args[0], device);
	if (probe.content == KB_VOLUME_OTHER)
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s holds data (%s); only an empty device is formatted. Name "
				  "another one, or, if the data may go: wipefs --all %s",
				  device, probe.what, device);
	plan->format = true;
	if (access(KB_PATH_MKFS_XFS, X_OK) < 0)
		return kb_err_set(err, KB_E_MISSING,
				  KB_PATH_MKFS_XFS " is not there: the bundle of the role base "
						   "brings it (xfsprogs)");
	return 0;
}

/* "UUID=.." is looked for, a path is what it is. */
static int judge_named(struct kb_plan_item *item, const char *device, struct kb_err *err)
{
	kb_autofree char *found = NULL;
	int rc;

	if (device[0] == '/')
		return judge_device(item, device, err);
	if ((rc = kb_volume_find(device, &found, err)) < 0)
		return rc;
	if (!found)
		return kb_err_set(err, KB_E_MISSING, "no device has %s", device);
	return judge_device(item, found, err);
}

static int judge_unnamed(struct kb_plan_item *item, bool root, struct kb_err *err)
{
	kb_autofree char *tag = kb_format("LABEL=%s", item->step->args[0]), *found = NULL;
	int rc = kb_volume_find(tag, &found, err);

	if (rc < 0)
		return rc;
	if (found)
		return judge_device(item, found, err);
	if (!root)
		return kb_err_set(
			err, KB_E_MISSING,
			"%s: the site names no device for this host (variable volumes), "
			"none has the label %s, and the root file system is not permitted",
			item->step->target, item->step->args[0]);
	item->volume->root = true;
	return 0;
}

/* Not mounted, but to be mounted at every boot: then that is the volume. */
static int judge_listed(struct kb_plan_item *item, const char *source, struct kb_err *err)
{
	kb_autofree char *found = NULL;
	int rc;

	if (strncmp(source, "UUID=", 5) == 0 || strncmp(source, "LABEL=", 6) == 0) {
		if ((rc = kb_volume_find(source, &found, err)) < 0)
			return rc;
		if (!found)
			return kb_err_set(err, KB_E_MISSING,
					  "%s is to be mounted from %s, and no device has that",
					  item->step->target, source);
	}
	take_device(item->volume, found ? found : source);
	item->volume->mount = true;
	return 0;
}

static int judge_absent(struct kb_scene *scene, struct kb_plan_item *item, const char *listed,
			bool unit, struct kb_err *err)
{
	const char *device;
	bool root;
	int rc;

	if (unit)
		return kb_err_set(err, KB_E_ENVIRONMENT,
				  "%s has a mount unit and is not mounted; mount it first",
				  item->step->target);
	rc = kb_volume_settings(scene->m->variables, scene->target.self->name, &device, &root, err);
	if (rc == 0)
		rc = listed    ? judge_listed(item, listed, err)
		     : *device ? judge_named(item, device, err)
			       : judge_unnamed(item, root, err);
	if (rc == 0 && item->volume->mount)
		rc = check_empty(scene, item->step->target, err);
	return rc;
}

int kb_volume_judge(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err)
{
	kb_autobuf struct kb_buf mounts = KB_BUF_INIT, fstab = KB_BUF_INIT;
	const char *target = item->step->target;
	bool unit = has_unit(scene, target);
	kb_autofree char *listed = NULL;
	struct kb_volume_mounted mounted;
	int rc;

	if ((rc = kb_volume_read_table(scene, KB_PATH_MOUNTS, &mounts, err)) < 0 ||
	    (rc = kb_volume_read_table(scene, KB_PATH_FSTAB, &fstab, err)) < 0)
		return rc;
	listed = kb_volume_fstab_source(fstab.data, target);
	if (kb_volume_mounted(mounts.data, target, &mounted))
		return judge_mounted(scene, item, &mounted, listed || unit, err);
	return judge_absent(scene, item, listed, unit, err);
}
