#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The watcher has looked at least once since it was started.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

if unit_gives_up "$WATCHER_UNIT"; then
	unit_last_words "$WATCHER_UNIT" >&2
	die "$WATCHER_UNIT does not stay up: journalctl -u $WATCHER_UNIT"
fi
container_running redis-sentinel-watcher || not_yet "the container redis-sentinel-watcher is not running"
[ -f "$REDIS_LB_BASE/status/STATE" ] || not_yet "the watcher has not looked yet"
