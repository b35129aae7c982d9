# shellcheck shell=dash
# A fleet's network: one bridge in a network namespace of its own. Nothing
# leads out of it, so many fleets may use the same addresses at one time, and
# the machine's own routes never see them. The bridge's address is what hosts
# have as default route and name server; recorder.sh counts what they send to it.

NET_BRIDGE=kb0
# shellcheck disable=SC2034 # for recorder.sh
NET_SUBNET=10.0.0.0/16
NET_GATEWAY=10.0.255.254
NET_GATEWAY6=fe80::1

net_namespace() {
	printf 'kb-%s\n' "$(fleet_id "$1")"
}

# net_in FLEET CMD..: the same files and processes, the fleet's network. Not
# "ip netns exec", which takes /sys/fs/cgroup away.
net_in() {
	local space
	space=/run/netns/$(net_namespace "$1")
	shift
	nsenter --net="$space" -- "$@"
}

net_exists() {
	[ -e "/run/netns/$(net_namespace "$1")" ] && net_in "$1" ip link show "$NET_BRIDGE" >/dev/null 2>&1
}

net_make() {
	local fleet
	fleet=$1
	net_exists "$fleet" && return 0
	net_remove "$fleet"
	ip netns add "$(net_namespace "$fleet")"
	# shellcheck disable=SC2016 # the inner shell expands
	net_in "$fleet" sh -euc '
		# A new namespace takes these from the machine.
		printf 0 >/proc/sys/net/ipv4/ip_forward
		printf 0 >/proc/sys/net/ipv6/conf/all/forwarding
		printf 0 >/proc/sys/net/ipv6/conf/default/accept_ra
		# Packets between hosts are not for the filters here.
		for call in /proc/sys/net/bridge/bridge-nf-call-*; do
			[ ! -e "$call" ] || printf 0 >"$call"
		done
		ip link set lo up
		ip link add "$1" type bridge forward_delay 0 mcast_snooping 0
		ip addr add "$2/16" dev "$1"
		ip addr add "$3/64" dev "$1" nodad
		ip link set "$1" up
	' sh "$NET_BRIDGE" "$NET_GATEWAY" "$NET_GATEWAY6"
}

net_remove() {
	local space
	space=$(net_namespace "$1")
	[ -e "/run/netns/$space" ] || return 0
	ip netns del "$space" || die "network namespace $space cannot be removed"
}

# net_config ROOT ADDRESS: what the host is told about its network.
net_config() {
	local root
	root=$1
	mkdir -p "$root/etc/systemd/network"
	cat >"$root/etc/systemd/network/10-host0.network" <<TEXT
[Match]
Name=host0

[Network]
Address=$2/16
Gateway=$NET_GATEWAY
Gateway=$NET_GATEWAY6
IPv6AcceptRA=no
LinkLocalAddressing=ipv6
LLMNR=no
MulticastDNS=no
TEXT
	printf 'nameserver %s\n' "$NET_GATEWAY" >"$root/etc/resolv.conf"
}

# net_link FLEET HOST: the host's end of the cable that is on the bridge.
net_link() {
	local init index
	init=$(host_init "$1" "$2") || die "$2 is not running"
	index=$(nsenter -t "$init" -n ip -o link show host0 | sed -n 's/^[0-9]*: host0@if\([0-9]*\):.*/\1/p')
	net_in "$1" ip -o link | sed -n "s/^$index: \\([^@:]*\\)[@:].*/\\1/p"
}

# net_partition FLEET HOST silent|carrier: silent is a network that swallows
# everything; carrier is a pulled cable, which the host notices.
net_partition() {
	local link
	link=$(net_link "$1" "$2")
	case $3 in
	silent) net_in "$1" bridge link set dev "$link" state disabled ;;
	carrier) net_in "$1" ip link set "$link" down ;;
	esac
}

net_heal() {
	local link
	link=$(net_link "$1" "$2")
	net_in "$1" ip link set "$link" up
	wait_until 10 net_forwarding "$1" "$link" || die "$link cannot be put back to forwarding"
	wait_until "$DEADLINE" net_healed "$1" "$2" "$link" ||
		die "$2 is not back on its network after the healing"
}

# The kernel refuses the state while the link is on its way up.
net_forwarding() {
	net_in "$1" bridge link set dev "$2" state forwarding 2>/dev/null
}

# A host whose cable was pulled has taken its address away, and gives it back.
net_healed() {
	local init address
	read -r address <"$(host_dir "$1" "$2")/address"
	init=$(host_init "$1" "$2") || return 1
	nsenter -t "$init" -n ip -4 -o addr show dev host0 | grep -qF " $address/" || return 1
	net_in "$1" bridge link show dev "$3" | grep -q 'state forwarding'
}
