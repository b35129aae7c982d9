#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# HAProxy of this host answers its runtime interface.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

if unit_gives_up "$HAPROXY_UNIT"; then
	unit_last_words "$HAPROXY_UNIT" >&2
	die "$HAPROXY_UNIT does not stay up: journalctl -u $HAPROXY_UNIT"
fi
container_running haproxy || not_yet "the container haproxy is not running"
haproxy 'show info' | grep -q '^Version: ' || not_yet "HAProxy does not answer"
