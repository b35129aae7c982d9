#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Runs before an install that restarts Patroni. If this host leads a whole
# cluster, another one takes over first: clients then wait for a moment instead
# of the restart. Anywhere else there is nothing to do.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

# "VERSION IMAGE", as the container runs.
running_release() {
	"$DOCKER" container inspect --format '{{index .Config.Labels "io.keybuzz.version"}} {{.Image}}' patroni
}

main() {
	local new

	container_running patroni || return 0
	[ "$(running_release)" != "$(cat "$PATRONI_BASE/config/release")" ] || return 0
	[ "$(leader_of "$(members)")" = "$KEYBUZZ_ADDRESS" ] || return 0
	if ! poll 20 whole; then
		warn "no other host can take over: PostgreSQL restarts while it leads"
		return 0
	fi
	if ! new=$(act inside change-leader </dev/null); then
		warn "no other host has taken over: PostgreSQL restarts while it leads"
		return 0
	fi
	say "$(peer_name "$new") leads now"
	# The one that goes away for a moment has to be a replica by then.
	poll 60 whole || warn "not all members follow the new leader after 60 s"
}

main
