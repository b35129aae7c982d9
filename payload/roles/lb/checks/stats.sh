#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The statistics want a password and take no commands; probes need none.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

login=$(cat "$HAPROXY_BASE/config/statistics.login")

status_is() {
	local wanted status
	wanted=$1
	shift

	status=$(http_status "$@")
	[ "$status" = "$wanted" ] || die "$1 answers ${status:-nothing}, not $wanted"
}

status_is 401 /stats
status_is 401 /stats "${login%%:*}:wrong"
status_is 200 /stats "$login"
status_is 200 /health/lb
status_is 404 /health/other
! http /stats "$login" | grep -qi '<option value=.maint' || die "the statistics page takes commands"
found "401 without the password, read only with it"
