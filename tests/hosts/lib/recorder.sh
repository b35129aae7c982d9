# shellcheck shell=dash
# The recorder counts what hosts send that is not for a host of the fleet: on
# the bridge, so no way around it exists, whatever route or address a host uses.
# Such packets are refused at once; nothing here forwards.
#
# Not counted, because it cannot leave a link: ARP for fleet addresses,
# link-local IPv6, multicast of the link (224.0.0.0/24, ff02::/16).
# Counted as dns: port 53 to anyone, a host of the fleet included; mDNS; LLMNR.

RECORDER_KINDS='dns ipv4 ipv6 arp other'

recorder_dir() {
	printf '%s/fleets/%s/recorder\n' "$STATE" "$1"
}

recorder_rules() {
	local kind
	cat <<RULES
table bridge recorder {
$(for kind in $RECORDER_KINDS; do printf '\tcounter to_%s { }\n' "$kind"; done)
	chain hosts {
		type filter hook prerouting priority -300; policy accept;
		meta l4proto { tcp, udp } th dport { 53, 5353, 5355 } counter name to_dns accept
		ether type ip ip daddr { $NET_SUBNET, 224.0.0.0/24 } accept
		ether type ip counter name to_ipv4 accept
		ether type ip6 ip6 daddr { fe80::/10, ff02::/16 } accept
		ether type ip6 counter name to_ipv6 accept
		ether type arp arp daddr ip $NET_SUBNET accept
		ether type arp counter name to_arp accept
		counter name to_other
	}
}
table inet refuse {
	chain hosts {
		type filter hook prerouting priority 0; policy accept;
		ip daddr != { $NET_SUBNET, 224.0.0.0/4 } reject with icmpx admin-prohibited
		ip6 daddr != { fe80::/10, ff00::/8 } reject with icmpx admin-prohibited
	}
}
RULES
}

# The same choice in the words of tcpdump.
recorder_filter() {
	printf '%s or %s or %s or %s or %s\n' \
		'port 53 or port 5353 or port 5355' \
		"(ip and not dst net $NET_SUBNET and not dst net 224.0.0.0/24)" \
		'(ip6 and not dst net fe80::/10 and not dst net ff02::/16)' \
		"(arp and not dst net $NET_SUBNET)" \
		'(not ip and not ip6 and not arp)'
}

# recorder_start FLEET: from zero, also when it is running.
recorder_start() {
	local fleet dir
	fleet=$1 dir=$(recorder_dir "$1")
	recorder_stop "$fleet"
	mkdir -p "$dir"
	(
		process_record_self "$dir/pid"
		exec setsid nsenter --net="/run/netns/$(net_namespace "$fleet")" -- \
			tcpdump -i any -Q in -n -U --immediate-mode -Z root \
			-w "$dir/packets.pcap" "$(recorder_filter)"
	) </dev/null >"$dir/log" 2>&1 9>&- &
	wait_until 30 grep -q 'listening on' "$dir/log" ||
		die "recorder: tcpdump does not start: $(tail -n 1 "$dir/log")"
	recorder_rules | net_in "$fleet" nft -f -
}

recorder_stop() {
	local dir
	dir=$(recorder_dir "$1")
	[ ! -e "$dir/pid" ] || process_end "$dir/pid"
	rm -rf "$dir"
	net_exists "$1" || return 0
	net_in "$1" nft flush ruleset
}

recorder_state() {
	if recorder_counters "$1" >/dev/null 2>&1; then
		printf 'on\n'
	else
		printf 'off\n'
	fi
}

# recorder_counters FLEET: "KIND PACKETS" lines.
recorder_counters() {
	process_alive "$(recorder_dir "$1")/pid" >/dev/null || return 1
	net_in "$1" nft list counters table bridge recorder | awk '
		$1 == "counter" { kind = substr($2, 4) }
		$1 == "packets" { print kind, $2; kinds++ }
		END { exit kinds != 5 }'
}

recorder_count() {
	local counters
	counters=$(recorder_counters "$1") ||
		die "recorder of '$1' is not running: 'fleet recorder $1 start'"
	printf '%s\n' "$counters" | awk '{ sum += $2 } END { print sum }'
}

recorder_show() {
	local counters
	counters=$(recorder_counters "$1") ||
		die "recorder of '$1' is not running: 'fleet recorder $1 start'"
	printf '%s\n' "$counters"
	# A packet for the bridge itself is seen a second time there. Links have
	# names only in the fleet's network.
	net_in "$1" tcpdump -n -tttt -r "$(recorder_dir "$1")/packets.pcap" 2>/dev/null |
		awk -v bridge="$NET_BRIDGE" '/^[0-9]/ && $3 != bridge'
}
