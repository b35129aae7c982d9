#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The name of the host. It is given only where the site asks for it: renaming a
# host that runs a cluster breaks the cluster.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

main() {
	local now
	now=$(hostname)

	[ "$now" != "$KEYBUZZ_HOST" ] || return 0
	if [ "$(setting set-hostname)" != true ]; then
		warn "this host calls itself $now, the inventory $KEYBUZZ_HOST: set_hostname would rename it"
		return 0
	fi
	scratch
	printf '%s\n' "$KEYBUZZ_HOST" >"$WORK/hostname"
	keep_first /etc/hostname
	install_file "$WORK/hostname" /etc/hostname || true # only the running name was another
	act hostname "$KEYBUZZ_HOST"
}

main
