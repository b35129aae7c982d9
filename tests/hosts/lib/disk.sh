# shellcheck shell=dash
# What a host stores: its root (an overlay), folders that must not be on an
# overlay, data disks (loop devices). All of it outlives a power cut.

# disk_plan FLEET "HOST:SIZE[:xfs] .." "HOST:SIZE .." "PATH ..": notes the wishes.
disk_plan() {
	local fleet word dir path
	fleet=$1

	for word in $2; do
		dir=$(host_dir "$fleet" "${word%%:*}")
		disk_check "${word#*:}" "$word"
		printf '%s\n' "${word#*:}" >>"$dir/disks"
		disk_image "$dir" "$(wc -l <"$dir/disks")" "${word#*:}"
	done
	for word in $3; do
		dir=$(host_dir "$fleet" "${word%%:*}")
		disk_check "${word#*:}" "$word"
		printf '%s\n' "${word#*:}" >"$dir/docker-size"
	done
	for path in $4; do
		case $path in
		/*) ;;
		*) die "--plain $path: not an absolute path" ;;
		esac
		for dir in "$STATE/fleets/$fleet/hosts"/*; do
			printf '%s\n' "$path" >>"$dir/plain"
		done
	done
}

disk_check() {
	case ${1%:xfs} in
	[1-9]*[0-9KMG]) ;;
	[1-9]) ;;
	*) die "disk '$2': want HOST:SIZE, such as redis-01:2G" ;;
	esac
}

# disk_image HOSTDIR NUMBER SIZE[:xfs]: a sparse file.
disk_image() {
	truncate -s "${3%:xfs}" "$1/disk$2.img"
	case $3 in
	*:xfs)
		need mkfs.xfs
		mkfs.xfs -q "$1/disk$2.img" || die "disk $1/disk$2.img: mkfs.xfs failed (at least 300M are needed)"
		;;
	esac
}

# disk_mount HOSTDIR: everything the host needs mounted, if it is not yet.
disk_mount() {
	local dir lower path image
	dir=$1
	read -r lower <"$dir/lower"
	[ -d "$lower" ] || die "root file system $lower is gone: destroy the fleet and create it again"

	mkdir -p "$dir/upper" "$dir/work" "$dir/root" "$dir/plain.d"
	mountpoint -q "$dir/root" ||
		mount -t overlay -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" \
			"keybuzz-host" "$dir/root"
	while read -r path; do
		mkdir -p "$dir/plain.d/$path"
	done <"$dir/plain"
	if [ -e "$dir/docker-size" ] && ! mountpoint -q "$dir/plain.d/var/lib/docker"; then
		mount -t tmpfs -o "size=$(cat "$dir/docker-size"),mode=0710" \
			keybuzz-docker "$dir/plain.d/var/lib/docker"
	fi
	for image in "$dir"/disk*.img; do
		[ -e "$image" ] || continue
		[ -n "$(disk_device "$image")" ] || losetup -f "$image" ||
			die "no free loop device for $image: 'losetup -a' says who has them"
	done
}

# disk_device IMAGE: the loop device, if one is attached.
disk_device() {
	losetup -n -O NAME -j "$1" | head -n 1
}

# disk_binds HOSTDIR: options for systemd-nspawn, one per line.
disk_binds() {
	local dir path image letter
	dir=$1
	while read -r path; do
		printf -- '--bind=%s:%s\n' "$dir/plain.d$path" "$path"
	done <"$dir/plain"
	set -- b c d e f g h
	for image in "$dir"/disk*.img; do
		[ -e "$image" ] || continue
		letter=$1
		shift
		printf -- '--bind=%s:/dev/sd%s\n' "$(disk_device "$image")" "$letter"
	done
}

# disk_unmount HOSTDIR: gives mounts and loop devices back.
disk_unmount() {
	local dir targets target image
	dir=$1
	targets=$(awk -v under="$dir/" 'index($2, under) == 1 { print $2 }' /proc/mounts | sort -r)
	for target in $targets; do
		wait_until 30 umount "$target" || die "cannot unmount $target: see who uses it with 'fuser -vm $target'"
	done
	for image in "$dir"/disk*.img; do
		[ -e "$image" ] || continue
		wait_until 30 disk_detached "$image" || die "loop device of $image stays attached"
	done
}

disk_detached() {
	local device
	device=$(disk_device "$1")
	[ -n "$device" ] || return 0
	# The file system inside may be on its way out: ask until it is gone.
	losetup -d "$device" 2>/dev/null || true
	[ -z "$(disk_device "$1")" ]
}
