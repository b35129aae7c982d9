# shellcheck shell=dash
# Each host has its own control group in every hierarchy of the machine.
# Without one, hosts share /system.slice/ssh.service and its like: a service is
# then never seen to stop, because its name still lives in the next host.

cgroup_mounts() {
	awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts
}

# cgroup_base MOUNT: where this process may make groups. Below its own group,
# but for a machine with version 2 only: there a group that holds processes
# cannot hand controllers down, so groups are made at the top.
cgroup_base() {
	local mount options path
	mount=$1
	if [ "$mount" = /sys/fs/cgroup ]; then
		printf '%s\n' "$mount"
		return 0
	fi
	options=${mount##*/}
	case $options in
	unified) options= ;;
	systemd) options=name=systemd ;;
	esac
	path=$(awk -F: -v want="$options" '
		{
			count = split($2, names, ",")
			for (i = 1; i <= count; i++)
				if (names[i] == want || $2 == want)
					found = $3
			if ($2 == want)
				found = $3
		}
		END { print found }' /proc/self/cgroup)
	printf '%s%s\n' "$mount" "${path%/}"
}

# cgroup_make FILE NAME: makes the groups; FILE lists them.
cgroup_make() {
	local file name mount base
	file=$1 name=$2
	: >"$file"
	for mount in $(cgroup_mounts); do
		base=$(cgroup_base "$mount")
		if [ "$mount" = /sys/fs/cgroup ]; then
			cgroup_hand_down "$base"
			base=$base/keybuzz-hosts
			mkdir -p "$base"
			cgroup_hand_down "$base"
		fi
		printf '%s/%s\n' "$base" "$name" >>"$file"
		mkdir -p "$base/$name"
		# Version 1: a new cpuset is empty, and refuses processes.
		if [ -e "$base/$name/cpuset.mems" ] && [ -z "$(cat "$base/$name/cpuset.mems")" ]; then
			cat "$base/cpuset.cpus" >"$base/$name/cpuset.cpus"
			cat "$base/cpuset.mems" >"$base/$name/cpuset.mems"
		fi
	done
}

cgroup_hand_down() {
	local controller controllers
	read -r controllers <"$1/cgroup.controllers" || return 0
	for controller in $controllers; do
		# One the machine's own manager keeps is not ours to have.
		printf '+%s' "$controller" 2>/dev/null >"$1/cgroup.subtree_control" || true
	done
}

# cgroup_enter FILE: moves the calling process, subshell or not.
cgroup_enter() {
	local group
	while read -r group; do
		printf '0\n' >"$group/cgroup.procs"
	done <"$1"
}

cgroup_remove() {
	local group
	[ -e "$1" ] || return 0
	while read -r group; do
		wait_until 20 cgroup_removed "$group" || say "control group $group stays: it is in use"
	done <"$1"
	rm -f "$1"
}

cgroup_removed() {
	[ -d "$1" ] || return 0
	find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
	[ ! -d "$1" ]
}
