# shellcheck shell=dash
# One host: a systemd-nspawn with systemd as its PID 1. Its folder holds
#   address labels lower     what it is
#   upper work root plain.d  what it stores, disk*.img too
#   keeper nspawn init       its processes (process.sh)
#   cgroups console          its control groups, what it says while booting

host_dir() {
	local dir
	# shellcheck disable=SC2153 # STATE is set by fleet
	dir=$STATE/fleets/$1/hosts/$2
	{ [ -n "$2" ] && [ -d "$dir" ]; } || die "fleet '$1' has no host '$2'"
	printf '%s\n' "$dir"
}

# hosts_make FLEET SUITE VARIANT WITH "HOST=IP[,LABEL..] ..": the label "bare"
# chooses the bare root file system for that host.
hosts_make() {
	local fleet suite variant with word host rest address lower
	fleet=$1 suite=$2 variant=$3 with=$4

	for word in $5; do
		host=${word%%=*} rest=${word#*=}
		address=${rest%%,*}
		check_name "$host" 38
		host_check_address "$fleet" "$host" "$address"
		case ,$rest, in
		*,bare,*) lower=$(rootfs_build "$suite" bare "$with") ;;
		*) lower=$(rootfs_build "$suite" "$variant" "$with") ;;
		esac
		host_make "$STATE/fleets/$fleet/hosts/$host" "$host" "$address" "$lower"
		printf '%s\n' "${rest#"$address"}" >"$STATE/fleets/$fleet/hosts/$host/labels"
	done
}

host_check_address() {
	local fleet host address
	fleet=$1 host=$2 address=$3
	printf '%s\n' "$address" | grep -Eqx '10\.0\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})' ||
		die "host $host: address '$address' is not in $NET_SUBNET"
	[ "$address" != "$NET_GATEWAY" ] || die "host $host: $address is the fleet's gateway"
	[ ! -e "$STATE/fleets/$fleet/hosts/$host" ] || die "host $host is named twice"
	! grep -qsx "$address" "$STATE/fleets/$fleet/hosts"/*/address ||
		die "host $host: address $address is used twice"
}

# host_make DIR HOST ADDRESS LOWER
host_make() {
	local dir etc
	dir=$1 etc=$1/upper/etc
	mkdir -p "$etc" "$dir/upper/root/.ssh"
	printf '%s\n' "$4" >"$dir/lower"
	printf '%s\n' /var/lib/docker /var/lib/containerd >"$dir/plain"
	net_config "$dir/upper" "$3"
	printf '%s\n' "$2" >"$etc/hostname"
	: >"$etc/machine-id"
	printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n%s\t%s\n' "$3" "$2" >"$etc/hosts"
	chmod 0700 "$dir/upper/root" "$dir/upper/root/.ssh"
	cp "$STATE/ssh/id_ed25519.pub" "$dir/upper/root/.ssh/authorized_keys"
	# Last: a host without an address was never finished.
	printf '%s\n' "$3" >"$dir/address"
}

# A host that reboots itself is running, though it has no systemd-nspawn then.
host_running() {
	process_alive "$(host_dir "$1" "$2")/keeper"
}

# host_init FLEET HOST: the machine's number for the host's own PID 1. Looked
# up each time, because a host that reboots itself gets a new one.
host_init() {
	local dir nspawn pid
	dir=$(host_dir "$1" "$2")
	nspawn=$(process_alive "$dir/nspawn") || return 1
	for pid in $(ps -o pid= --ppid "$nspawn"); do
		if grep -qs '^NSpid:.*[[:space:]]1$' "/proc/$pid/status"; then
			process_record "$dir/init" "$pid" || return 1
			printf '%s\n' "$pid"
			return 0
		fi
	done
	return 1
}

# host_in INIT CMD..: inside, as a login of root would find it.
host_in() {
	local init
	init=$1
	shift
	nsenter -t "$init" -m -u -i -n -p -C -r -w -- env -i HOME=/root USER=root LANG=C.UTF-8 \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# Every systemd and every engine watches files; all hosts of the machine share
# one limit, which is 128 on most, enough for a dozen hosts.
hosts_may_watch() {
	local limit file
	limit=1024 file=/proc/sys/fs/inotify/max_user_instances

	if [ "$(cat "$file")" -lt "$limit" ]; then
		printf '%s\n' "$limit" >"$file"
	fi
}

host_start() {
	local fleet host dir
	fleet=$1 host=$2
	host_running "$fleet" "$host" >/dev/null && return 0
	dir=$(host_dir "$fleet" "$host")
	# A systemd-nspawn that was killed leaves its host behind.
	host_kill "$fleet" "$host"
	disk_mount "$dir"
	cgroup_make "$dir/cgroups" "kb-$(fleet_id "$fleet")-$host"
	setsid "$HERE/fleet" keep "$fleet" "$host" </dev/null >"$dir/console" 2>&1 9>&- &
	wait_until 30 [ -s "$dir/nspawn" ] || die "$host: systemd-nspawn was not started, see $dir/console"
}

# The process that stays as long as the host does: systemd-nspawn --keep-unit
# leaves with 133 when a host reboots, and expects to be started again.
cmd_keep() {
	local fleet host dir status
	fleet=$1 host=$2
	dir=$(host_dir "$fleet" "$host")
	process_record_self "$dir/keeper"
	status=133
	while [ "$status" -eq 133 ]; do
		status=0
		(host_become_nspawn "$fleet" "$host" "$dir") || status=$?
	done
	# The shell would read on in a file that may have been changed by now.
	exit 0
}

host_become_nspawn() {
	local fleet host dir
	fleet=$1 host=$2 dir=$3
	process_record_self "$dir/nspawn"
	cgroup_enter "$dir/cgroups"
	# shellcheck disable=SC2046 # paths of ours, without spaces
	exec nsenter --net="/run/netns/$(net_namespace "$fleet")" -- \
		env -i PATH="$PATH" SYSTEMD_NSPAWN_TMPFS_TMP=0 \
		systemd-nspawn --register=no --keep-unit -q -b -D "$dir/root" \
		-M "$(fleet_id "$fleet")-$host" --hostname="$host" \
		--network-bridge="$NET_BRIDGE" --resolv-conf=off --link-journal=no \
		--timezone=off --capability=all \
		--system-call-filter='add_key keyctl bpf' $(disk_binds "$dir")
}

# host_wait FLEET HOST: until systemd has finished, sshd answers, and the
# engine does where there is one.
host_wait() {
	local fleet host state
	fleet=$1 host=$2
	wait_until "$DEADLINE" host_ready "$fleet" "$host" || host_complain "$fleet" "$host"
	state=$(host_state "$fleet" "$host")
	[ "$state" = running ] ||
		say "$host is $state: $(host_in "$(host_init "$fleet" "$host")" systemctl --failed --plain --no-legend | cut -d' ' -f1 | paste -sd' ' -)"
}

host_state() {
	local init
	init=$(host_init "$1" "$2") || return 1
	# It prints the state, and fails for any but "running".
	timeout 20 nsenter -t "$init" -m -p -r systemctl is-system-running 2>/dev/null || true
}

host_ready() {
	local fleet host init
	fleet=$1 host=$2
	host_running "$fleet" "$host" >/dev/null || host_complain "$fleet" "$host"
	case $(host_state "$fleet" "$host") in
	running | degraded) ;;
	*) return 1 ;;
	esac
	init=$(host_init "$fleet" "$host") || return 1
	timeout 20 "$HERE/fleet" ssh "$fleet" "$host" true </dev/null 2>/dev/null || return 1
	[ ! -x "/proc/$init/root/usr/sbin/dockerd" ] || host_engine_ready "$init"
}

# An engine that was switched off is not waited for.
host_engine_ready() {
	case $(host_in "$1" systemctl is-enabled docker.service 2>/dev/null) in
	enabled) timeout 20 nsenter -t "$1" -m -n -p -r docker info >/dev/null 2>&1 ;;
	esac
}

host_complain() {
	local dir
	dir=$(host_dir "$1" "$2")
	tail -n 20 "$dir/console" >&2
	die "$2 did not come up within $DEADLINE s; its console is $dir/console"
}

host_ask_stop() {
	process_signal TERM "$(host_dir "$1" "$2")/nspawn"
}

host_wait_stop() {
	local dir
	dir=$(host_dir "$1" "$2")
	wait_until "$DEADLINE" process_gone "$dir/keeper" ||
		die "$2 did not shut down within $DEADLINE s; its console is $dir/console"
	host_ended "$dir" "$(fleet_id "$1")-$2"
	disk_unmount "$dir"
}

# host_kill FLEET HOST: the power cut. The kernel ends whatever lives in a
# namespace whose PID 1 is gone; systemd-nspawn then leaves by itself.
host_kill() {
	local dir
	dir=$(host_dir "$1" "$2")
	process_signal KILL "$dir/keeper"
	if host_init "$1" "$2" >/dev/null || process_alive "$dir/init" >/dev/null; then
		process_signal KILL "$dir/init"
		wait_until 60 process_gone "$dir/init" || die "$2: its PID 1 cannot be ended"
	else
		# Cut before there was a PID 1.
		process_signal KILL "$dir/nspawn"
	fi
	wait_until 60 process_gone "$dir/nspawn" || die "$2: its systemd-nspawn does not leave"
	host_ended "$dir" "$(fleet_id "$1")-$2"
}

# host_ended DIR MACHINE
host_ended() {
	cgroup_remove "$1/cgroups"
	rm -f "$1/keeper" "$1/nspawn" "$1/init"
	# systemd-nspawn forgets this folder where /run is no tmpfs.
	rm -rf --one-file-system "/run/systemd/nspawn/propagate/$2"
}

host_unmount() {
	disk_unmount "$(host_dir "$1" "$2")"
}

host_status() {
	local dir state link
	dir=$(host_dir "$1" "$2")
	state=stopped link=-
	if host_init "$1" "$2" >/dev/null; then
		state=$(host_state "$1" "$2")
		link=$(net_link "$1" "$2")
	fi
	printf '%-20s %-15s %-10s %-16s %s\n' "$2" "$(cat "$dir/address")" "$state" "$link" \
		"$(tr , ' ' <"$dir/labels")"
}
