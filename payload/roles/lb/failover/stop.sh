#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A service of this host is stopped, as before maintenance: the other load
# balancers serve, and this one serves again when it is started. UNIT is which.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

# Seconds until clients of this host are served again.
LIMIT=30

unit=$1

restore() {
	act systemctl start "$unit"
}

# The virtual address, if the site has one, is where everything runs.
vip_left() {
	! has_vip && serves "$(vip)"
}

main() {
	local address start

	trap restore EXIT
	trap 'exit 130' INT TERM
	act systemctl stop "$unit"
	! serves "$KEYBUZZ_ADDRESS" 2>/dev/null || die "$unit is stopped, and this host serves all the same"
	for address in $(other_addresses); do
		serves "$address" || die "$(peer_name "$address") does not serve"
	done
	say "stopped here, $(peer_name "$address") serves"
	[ -z "$(vip)" ] || poll 20 vip_left || die "the virtual address $(vip) is not served by another host after 20 s"
	start=$(date +%s)
	restore
	trap - EXIT
	poll "$LIMIT" serves "$KEYBUZZ_ADDRESS" || die "$LIMIT s after its start this host does not serve"
	say "served here again after $(($(date +%s) - start)) s"
}

main
