/* Every place on the host that this program knows by name. All absolute; the
 * functions that use them walk from a descriptor of the root (core/path.h). */
#ifndef STUB_PATHS_H
#define STUB_PATHS_H

#define KB_PATH_TRUST       "/etc/keybuzz/trust"
#define KB_PATH_STATE       "/var/lib/keybuzz" /* 0700: ROLE/, rollback/, host.state */
#define KB_PATH_RUN         "/run/keybuzz"     /* 0700: lock, ROLE/context */
#define KB_PATH_OPT         "/opt/keybuzz-installer"
#define KB_PATH_LOGS        KB_PATH_OPT "/logs"
#define KB_PATH_CREDENTIALS KB_PATH_OPT "/credentials"
#define KB_PATH_DATA        "/opt"
#define KB_PATH_UNITS       "/etc/systemd/system"
#define KB_PATH_OS_RELEASE  "/etc/os-release"
#define KB_PATH_OS_FALLBACK "/usr/lib/os-release"
#define KB_PATH_SYSTEMD     "/run/systemd/system" /* there when systemd is PID 1 */
#define KB_PATH_SYSTEMCTL   "/usr/bin/systemctl"
#define KB_PATH_JOURNALCTL  "/usr/bin/journalctl"
#define KB_PATH_APT_GET     "/usr/bin/apt-get"
#define KB_PATH_DPKG_BIN    "/usr/bin/dpkg"
#define KB_PATH_DPKG        "/var/lib/dpkg" /* the database */
#define KB_PATH_SBIN        "/usr/sbin"
#define KB_PATH_POLICY      KB_PATH_SBIN "/policy-rc.d"
#define KB_PATH_SHELL       "/bin/sh"
#define KB_PATH_BOOT_ID     "/proc/sys/kernel/random/boot_id"
#define KB_PATH_MEMINFO     "/proc/meminfo"
#define KB_PATH_MOUNTS      "/proc/self/mountinfo"
#define KB_PATH_FSTAB       "/etc/fstab"
#define KB_PATH_DEVICES     "/dev"
#define KB_PATH_BLKID       "/usr/sbin/blkid"
#define KB_PATH_MKFS_XFS    "/usr/sbin/mkfs.xfs"
#define KB_PATH_MOUNT       "/usr/bin/mount"
#define KB_PATH_TCP         "/proc/net/tcp"
#define KB_PATH_TCP6        "/proc/net/tcp6"
#define KB_PATH_SELF        "/proc/self/exe"

/* Names inside KB_PATH_STATE. */
#define KB_NAME_ROLLBACK "rollback"
#define KB_NAME_HOST     "host.state" /* no role can have this name */
#define KB_NAME_JOURNAL  "journal"
#define KB_NAME_MANIFEST "manifest"
#define KB_NAME_RECORD   "state"
#define KB_NAME_RELEASES "releases"
#define KB_NAME_PAYLOAD  "payload"
#define KB_NAME_PACKAGES "packages"

#endif
