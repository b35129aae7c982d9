#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Nothing of this role listens on other addresses than this host's own and
# loopback.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

# The addresses are hexadecimal, and this machine's bytes are swapped.
open=$(awk '
	FNR == 1 || $4 != "0A" { next }
	{ split($2, part, ":") }
	part[2] ~ /^(1111|1628|3D38|6448)$/ && part[1] ~ /^0+$/ { print part[2] }
	' /proc/net/tcp /proc/net/tcp6 | sort -u | paste -sd ' ')
[ -z "$open" ] || die "listens on all addresses: ports (hexadecimal) $open"
found "only on $KEYBUZZ_ADDRESS and loopback"
