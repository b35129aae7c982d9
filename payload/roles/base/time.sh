#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# chrony, with our configuration instead of its own. In a container it only
# watches: the clock belongs to the machine.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

main() {
	local options
	options="-F 1 -f /etc/chrony/keybuzz.conf"

	command -v chronyd >/dev/null || die "chrony is not installed"
	if in_container; then
		options="$options -x"
		warn "a container, not a host: chrony watches the clock and does not set it"
	fi
	scratch
	printf 'DAEMON_OPTS="%s"\n' "$options" >"$WORK/options"
	install_file "$WORK/options" /etc/chrony/keybuzz.options || true # it is as it should be
	follow chrony.service restart /etc/chrony/keybuzz.conf /etc/chrony/keybuzz.options \
		/etc/systemd/system/chrony.service.d/keybuzz.conf
}

main
