#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# MariaDB of this host is killed while a client writes: the others put it out and
# go on, and it comes back by itself with what it missed.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"
# shellcheck source=writer.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/failover/writer.sh"

# Milliseconds without a write that are allowed: suspect_timeout, and a client
# that finds another node.
LIMIT=25000

back() {
	is_synced "$(node_state local)"
}

main() {
	local killed

	writer_begin 240
	killed=$(date +%s%3N)
	act "$DOCKER" kill --signal KILL mariadb >/dev/null
	poll 60 writer_since "$killed" || die "no write for 60 s after the kill"
	poll 120 back || die "MariaDB of this host is not back after 120 s"
	poll 60 whole || die "the cluster is not whole"
	writer_end "$LIMIT"
}

main
