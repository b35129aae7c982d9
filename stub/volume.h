/* XFS volumes: what is on a device, what is mounted where, what is mounted at
 * the next boot. Looking changes nothing. A device is never guessed: the site
 * names it, or its file system has the label of the role. What holds data, of
 * whatever kind, is refused; only the operator can decide that it may go.
 *
 * The system's own blkid, mkfs.xfs and mount are asked, so a volume is one that
 * this system's kernel knows.
 */
#ifndef STUB_VOLUME_H
#define STUB_VOLUME_H

#include <stdbool.h>

#include "core/err.h"
#include "core/mem.h"
#include "core/value.h"

struct kb_report;

/* XFS has room for no longer one. */
#define KB_VOLUME_LABEL_MAX 12
/* Of the mount, besides those that are only about booting. */
#define KB_VOLUME_OPTIONS "noatime"

/* ---- volume_device.c ---- */

enum kb_volume_content { KB_VOLUME_EMPTY, KB_VOLUME_XFS, KB_VOLUME_OTHER };

struct kb_volume_probe {
	enum kb_volume_content content;
	char what[64]; /* "ext4", "dos partition table"; of KB_VOLUME_OTHER */
	char uuid[64]; /* of KB_VOLUME_XFS */
	char label[KB_VOLUME_LABEL_MAX + 1];
};
/* What PATH, a device or a file, holds. KB_VOLUME_EMPTY only when blkid knows
 * no signature in it at all. */
int kb_volume_probe(const char *path, struct kb_volume_probe *ret_probe, struct kb_err *err);

/* Is PATH a block device that nobody uses: not mounted, no swap, no part of
 * another device, no partition of it in use? */
int kb_volume_check_unused(const char *path, struct kb_err *err);

/* The device whose file system has TAG ("LABEL=kb-postgres", "UUID=.."), into
 * *RET_PATH; NULL when there is none. More than one is KB_E_INVALID. */
int kb_volume_find(const char *tag, char **ret_path, struct kb_err *err);

/* Make an XFS on PATH. mkfs.xfs itself refuses what is not empty. */
int kb_volume_format(struct kb_report *report, const char *id, const char *path, const char *label,
		     struct kb_err *err);

/* Mount DEVICE on TARGET; with NULL, what /etc/fstab says. */
int kb_volume_mount(struct kb_report *report, const char *id, const char *device,
		    const char *target, struct kb_err *err);

/* ---- volume_mounts.c: texts, no I/O ---- */

struct kb_volume_mounted {
	char source[256], type[32];
	bool read_only;
};
/* What is mounted on TARGET, by /proc/self/mountinfo; false when nothing is. */
bool kb_volume_mounted(const char *mountinfo, const char *target,
		       struct kb_volume_mounted *ret_mounted);

/* What /etc/fstab mounts on TARGET, its first field; NULL when nothing. */
char *kb_volume_fstab_source(const char *fstab, const char *target);
/* The same text with a block of ours that mounts UUID there. */
void kb_volume_fstab_add(const char *fstab, const char *target, const char *uuid,
			 struct kb_buf *out);
/* The name systemd has for the mount unit of TARGET. */
char *kb_volume_unit(const char *target);

/* ---- volume_judge.c ---- */

/* Of the variable `volumes`: the device for HOST ("" when none is named), and
 * whether data may stay on the root file system. */
int kb_volume_settings(const struct kb_value *variables, const char *host, const char **ret_device,
		       bool *ret_root, struct kb_err *err);

/* What is to be done, in this order. */
struct kb_volume_plan {
	bool format, persist, mount, root;
	char *device;  /* to format, or that holds the volume */
	char uuid[64]; /* to write into /etc/fstab; known after formatting */
};
void kb_volume_plan_free(struct kb_volume_plan *plan);

struct kb_scene;
struct kb_plan_item;
/* What is to be done for the volume of ITEM, into its ->volume; or why it
 * cannot be done. */
int kb_volume_judge(struct kb_scene *scene, struct kb_plan_item *item, struct kb_err *err);
/* A table of the system below the scene's root; a missing one is empty. */
int kb_volume_read_table(struct kb_scene *scene, const char *path, struct kb_buf *text,
			 struct kb_err *err);

#endif
