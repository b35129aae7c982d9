#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The directories, with their owners and modes.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

is() {
	local now
	now=$(stat -c '%a %u:%g %F' "$1" 2>/dev/null) || now=missing
	[ "$now" = "$2 0:0 directory" ] || die "$1 is $now, not $2 0:0"
}

is /opt/keybuzz 755
is /opt/keybuzz-installer 755
for name in scripts inventory tmp; do
	is "/opt/keybuzz-installer/$name" 755
done
is /opt/keybuzz-installer/logs 750
is /opt/keybuzz-installer/credentials 700
open=$(find /opt/keybuzz-installer/credentials -type f -perm /077 | head -n 3 | paste -sd ' ')
[ -z "$open" ] || die "credentials that others may read: $open"
found "as they should be, credentials closed"
