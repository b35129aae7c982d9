#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The watcher is killed: HAProxy goes on by its own rule, and the watcher comes
# back by itself.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

restarts() {
	systemctl show --property NRestarts --value "$WATCHER_UNIT"
}

# It has looked since SECONDS of the clock.
looked_since() {
	container_running redis-sentinel-watcher &&
		[ "$(stat -c %Y "$REDIS_LB_BASE/status/STATE")" -gt "$1" ]
}

main() {
	local before routed killed

	if ! seen redis; then
		say "Redis was never here: nothing to watch"
		return 0
	fi

	before=$(restarts)
	routed=$(redis_routed)
	killed=$(date +%s)
	act "$DOCKER" kill --signal KILL redis-sentinel-watcher >/dev/null
	[ "$(redis_routed)" = "$routed" ] || die "without the watcher, HAProxy leads to '$(redis_routed)', not $routed"
	poll 60 looked_since "$killed" || die "the watcher is not back after 60 s"
	[ "$(restarts)" -gt "$before" ] || die "the watcher was not restarted"
	say "the watcher was away for $(($(date +%s) - killed)) s, $routed was for clients all the time"
}

main
