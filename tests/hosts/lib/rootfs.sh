# The root file system every host of a kind has as its lower layer: built once
# from a Debian mirror, kept in the cache, never changed again. Its name holds a
# digest of the recipe below, so a changed recipe is a new root file system.

rootfs_packages() {
	local variant
	variant=$1

	# What any Debian server has after its installer.
	printf '%s\n' systemd systemd-sysv dbus openssh-server iproute2 \
		iputils-ping procps ca-certificates
	[ "$variant" = bare ] && return 0
	printf '%s\n' iptables nftables xfsprogs sudo docker.io
	# trixie splits the client from the engine.
	[ "$2" = bookworm ] || printf 'docker-cli\n'
}

# rootfs_recipe VARIANT SUITE: what the cache name is computed from.
rootfs_recipe() {
	rootfs_packages "$1" "$2"
	cat "$LIB/rootfs.sh"
}

rootfs_path() {
	local digest

	digest=$(rootfs_recipe "$1" "$2" | sha256sum | cut -c1-12)
	printf '%s/rootfs/%s-%s-%s\n' "$CACHE" "$2" "$1" "$digest"
}

# rootfs_build SUITE VARIANT: prints the path, builds first if it is missing.
rootfs_build() {
	local suite variant path work
	suite=$1 variant=$2

	case $suite in
	trixie | bookworm) ;;
	*) die "rootfs: suite '$suite' is not trixie or bookworm" ;;
	esac
	path=$(rootfs_path "$variant" "$suite")
	if [ ! -d "$path" ]; then
		need mmdebstrap
		mkdir -p "$CACHE/rootfs"
		(
			flock 8
			[ -d "$path" ] && exit 0
			work=$path.partial
			rm -rf --one-file-system "$work"
			rootfs_make "$suite" "$variant" "$work" &&
				rootfs_prepare "$work" && mv "$work" "$path"
		) 8>"$CACHE/rootfs/$suite-$variant.lock" || die "rootfs: $suite $variant was not built, see $CACHE/rootfs/$suite-$variant.log"
	fi
	printf '%s\n' "$path"
}

rootfs_make() {
	local suite variant work log
	suite=$1 variant=$2 work=$3
	log=$CACHE/rootfs/$suite-$variant.log

	say "rootfs: building $suite $variant from $MIRROR (about a minute)"
	mmdebstrap --mode=root --variant=apt \
		--include="$(rootfs_packages "$variant" "$suite" | paste -sd, -)" \
		--aptopt='Apt::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-include=/usr/share/doc/*/copyright' \
		"$suite" "$work" "$MIRROR" </dev/null >"$log" 2>&1 8>&- 9>&-
}

# What is the same on all hosts and is not part of a Debian package.
rootfs_prepare() {
	local root units
	root=$1
	units=$root/etc/systemd/system

	# A container has no modules to load: the failed unit would make the
	# host "degraded".
	ln -sf /dev/null "$units/systemd-modules-load.service"
	# Nobody answers a link that waits to be online twice.
	ln -sf /dev/null "$units/systemd-networkd-wait-online.service"
	rootfs_cgroup_unit >"$units/test-host-cgroup.service"
	mkdir -p "$units/sysinit.target.wants" "$units/multi-user.target.wants"
	ln -sf ../test-host-cgroup.service "$units/sysinit.target.wants/"
	ln -sf /usr/lib/systemd/system/systemd-networkd.service "$units/multi-user.target.wants/"
	: >"$root/etc/machine-id"
	rm -f "$root/var/lib/dbus/machine-id" "$root"/etc/ssh/ssh_host_*
	rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
	# One key pair for all hosts of a root file system: making one for each
	# would cost each host seconds of its first boot.
	chroot "$root" ssh-keygen -q -t ed25519 -N '' -C test-host -f /etc/ssh/ssh_host_ed25519_key
	chroot "$root" passwd -q -d root
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
