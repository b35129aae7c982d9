#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The time zone is that of the site.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

zone=$(setting timezone)
[ "$(readlink -f /etc/localtime)" = "$(readlink -f "/usr/share/zoneinfo/$zone")" ] ||
	die "/etc/localtime is $(readlink -f /etc/localtime), not $zone"
found "$zone, now $(TZ=$zone date '+%H:%M %Z')"
