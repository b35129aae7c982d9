#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Runs before an install that restarts MariaDB: one node at a time, and only if
# the others have everything and hold the quorum meanwhile.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

main() {
	container_running mariadb || return 0
	is_synced "$(node_state local)" || return 0
	poll 60 whole && return 0
	warn "not all nodes are synced: while this one restarts, there may be no quorum"
}

main
