# shellcheck shell=dash
# The root file system every host of a kind has as its lower layer: built once
# from a Debian mirror, kept in the cache, never changed again. Its name holds a
# digest of this file and its arguments, so a changed recipe is a new one.

# rootfs_packages SUITE VARIANT WITH
rootfs_packages() {
	# What any server has after its installer.
	printf '%s\n' systemd systemd-sysv dbus openssh-server iproute2 procps \
		ca-certificates
	printf '%s\n' "$3" | tr , '\n'
	[ "$2" = engine ] || return 0
	printf '%s\n' iptables nftables iputils-ping xfsprogs sudo docker.io
	# trixie splits the client from the engine.
	[ "$1" = bookworm ] || printf 'docker-cli\n'
}

rootfs_path() {
	local digest
	digest=$({
		printf '%s\n' "$MIRROR" "$@"
		cat "$LIB/rootfs.sh"
	} | sha256sum | cut -c1-12)
	printf '%s/rootfs/%s-%s-%s\n' "$CACHE" "$1" "$2" "$digest"
}

# rootfs_build SUITE VARIANT WITH: prints the path, builds first if missing.
rootfs_build() {
	local path log
	case $1 in
	trixie | bookworm) ;;
	*) die "rootfs: suite '$1' is not trixie or bookworm" ;;
	esac
	path=$(rootfs_path "$@")
	log=$path.log
	if [ ! -d "$path" ]; then
		need mmdebstrap
		mkdir -p "$CACHE/rootfs"
		(
			flock 8
			[ ! -d "$path" ] || exit 0
			rm -rf --one-file-system "$path.partial"
			say "building the root file system $1 $2 from $MIRROR (about a minute)"
			rootfs_make "$path.partial" "$@" >"$log" 2>&1 8>&- 9>&- &&
				rootfs_prepare "$path.partial" >>"$log" 2>&1 &&
				mv "$path.partial" "$path"
		) 8>"$path.lock" || die "root file system $1 $2 was not built: see $log"
	fi
	printf '%s\n' "$path"
}

# rootfs_make WORK SUITE VARIANT WITH
rootfs_make() {
	local work suite
	work=$1 suite=$2
	shift
	mmdebstrap --mode=root --variant=apt \
		--include="$(rootfs_packages "$@" | sed '/^$/d' | paste -sd, -)" \
		--aptopt='Apt::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$work" "$MIRROR" </dev/null
}

# What is the same on all hosts and is not part of a package.
rootfs_prepare() {
	local root units
	root=$1
	units=$root/etc/systemd/system

	# A container has no modules to load: the failed unit would make the
	# host "degraded".
	ln -sf /dev/null "$units/systemd-modules-load.service"
	rootfs_cgroup_unit >"$units/test-host-cgroup.service" || return 1
	mkdir -p "$units/sysinit.target.wants"
	ln -sf ../test-host-cgroup.service "$units/sysinit.target.wants/"
	chroot "$root" systemctl enable systemd-networkd.service || return 1
	: >"$root/etc/machine-id"
	rm -f "$root/var/lib/dbus/machine-id" "$root/etc/resolv.conf" "$root/etc/hostname"
}

# systemd-nspawn mounts version 1 controllers read-only; an engine needs to
# make groups in them.
rootfs_cgroup_unit() {
	cat <<'UNIT'
[Unit]
Description=Writable control groups in a test host
DefaultDependencies=no
Before=sysinit.target docker.service containerd.service
ConditionPathIsMountPoint=/sys/fs/cgroup

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'for m in /sys/fs/cgroup/*; do mountpoint -q "$m" || continue; mount -o remount,rw,bind "$m"; done'
UNIT
}
