#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The ports of this role listen on the address of this host and on loopback
# alone.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

# listening PORT: the addresses, as the kernel has them: hexadecimal, reversed.
listening() {
	awk -v port="$(printf '%04X' "$1")" '
		$4 == "0A" { split($2, part, ":"); if (part[2] == port) print part[1] }' /proc/net/tcp /proc/net/tcp6
}

# reversed ADDRESS: as the kernel writes it.
reversed() {
	printf '%s\n' "$1" | awk -F . '{ printf "%02X%02X%02X%02X\n", $4, $3, $2, $1 }'
}

own=$(reversed "$KEYBUZZ_ADDRESS")
for kind in port api-port raft-port; do
	port=$(awk -v name="$kind" '$1 == name { print $2 }' "$PATRONI_BASE/config/node")
	addresses=$(listening "$port")
	printf '%s\n' "$addresses" | grep -qx "$own" || die "nothing listens on $KEYBUZZ_ADDRESS:$port"
	other=$(printf '%s\n' "$addresses" | grep -vx -e "$own" -e 0100007F) || true # none
	[ -z "$other" ] || die "port $port listens on another address as well: $other"
done
found "5432, 8008 and 7000 listen on $KEYBUZZ_ADDRESS and loopback alone"
