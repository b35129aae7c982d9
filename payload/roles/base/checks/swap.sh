#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# No swap now, none at the next start.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

if in_container; then
	active=
	note=', but a container, not a host: the swap of the machine is not asked'
else
	active=$(awk 'NR > 1 { print $1 }' /proc/swaps | paste -sd ' ')
	note=
fi
[ -z "$active" ] || die "swap is on: $active"
lines=$(awk '!/^[[:space:]]*#/ && $3 == "swap" { print $1 }' /etc/fstab 2>/dev/null | paste -sd ' ')
[ -z "$lines" ] || die "/etc/fstab has swap: $lines"
found "no swap$note"
