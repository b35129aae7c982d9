#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The time zone that people read. Services log in UTC where it matters.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

main() {
	local zone file
	zone=$(setting timezone)
	file=/usr/share/zoneinfo/$zone

	[ -f "$file" ] || die "there is no time zone $zone in /usr/share/zoneinfo"
	if [ "$(readlink /etc/localtime)" != "$file" ]; then
		act ln -sfn "$file" /etc/localtime.new
		act mv -fT /etc/localtime.new /etc/localtime
	fi
	# Debian 13 has given this file up.
	if [ -e /etc/timezone ] && [ "$(cat /etc/timezone)" != "$zone" ]; then
		scratch
		printf '%s\n' "$zone" >"$WORK/timezone"
		install_file "$WORK/timezone" /etc/timezone
	fi
}

main
