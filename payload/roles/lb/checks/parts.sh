#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# HAProxy runs with what is installed.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

[ "$(sha256sum "$HAPROXY_BASE"/config/*.cfg)" = "$(cat "$HAPROXY_BASE/run/started-with")" ] ||
	die "HAProxy runs with older settings than those in $HAPROXY_BASE/config: systemctl reload $HAPROXY_UNIT"
found "$(find "$HAPROXY_BASE/config" -name '*.cfg' | wc -l) files, HAProxy $(haproxy 'show info' | sed -n 's/^Version: //p')"
