# shellcheck shell=dash
# Ways in. None holds the fleet's lock: a long command on one host must not
# keep a test from cutting the power of the next.

access_key() {
	[ -e "$STATE/ssh/id_ed25519" ] && return 0
	mkdir -p "$STATE/ssh"
	chmod 0700 "$STATE/ssh"
	(
		flock 8
		[ -e "$STATE/ssh/id_ed25519" ] ||
			ssh-keygen -q -t ed25519 -N '' -C keybuzz-test -f "$STATE/ssh/id_ed25519"
	) 8>"$STATE/ssh/lock"
}

# access_options: what ssh and scp are told; hosts are made anew all the time,
# so their keys mean nothing.
access_options() {
	printf '%s\n' -F none -i "$STATE/ssh/id_ed25519" -o IdentitiesOnly=yes \
		-o BatchMode=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null \
		-o LogLevel=ERROR -o ConnectTimeout=10
}

access_address() {
	local dir
	dir=$(host_dir "$1" "$2")
	cat "$dir/address"
}

cmd_ssh() {
	local fleet address
	fleet=$(fleet_given "$@")
	[ $# -ge 2 ] || bad_usage "ssh: FLEET HOST [CMD..]"
	address=$(access_address "$fleet" "$2")
	shift 2
	# shellcheck disable=SC2046 # one word per line, none with a space
	net_in "$fleet" ssh $(access_options) "root@$address" "$@"
}

cmd_scp() {
	local fleet target address
	fleet=$(fleet_given "$@")
	[ $# -ge 3 ] || bad_usage "scp: FLEET FILE.. HOST:PATH"
	for target; do :; done
	case $target in
	*:*) ;;
	*) bad_usage "scp: '$target' is not HOST:PATH" ;;
	esac
	address=$(access_address "$fleet" "${target%%:*}")
	shift
	while [ $# -gt 1 ]; do
		# shellcheck disable=SC2046
		net_in "$fleet" scp -q -r -p $(access_options) "$1" "root@$address:${target#*:}" </dev/null
		shift
	done
}

cmd_exec() {
	local fleet init
	fleet=$(fleet_given "$@")
	[ $# -ge 3 ] || bad_usage "exec: FLEET HOST CMD.."
	init=$(host_init "$fleet" "$2") || die "exec: $2 is not running"
	shift 2
	host_in "$init" "$@"
}

cmd_net() {
	local fleet
	fleet=$(fleet_given "$@")
	[ $# -ge 2 ] || bad_usage "net: FLEET CMD.."
	shift
	net_in "$fleet" "$@"
}
