#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Clients of this host get a node of MariaDB that has all data; one that is away is
# said.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

# The one that a table, the same on all load balancers, names for clients.
writer() {
	haproxy 'show table mariadb' | sed -n 's/.* server_key=\([^ ]*\).*/\1/p' | head -n 1
}

up=$(servers mariadb UP | tr '\n' ' ')
if [ -z "$up" ]; then
	seen mariadb || {
		found "MariaDB was never here: not installed yet"
		exit 0
	}
	die "no MariaDB host has a quorum and all data"
fi
note_seen mariadb
down=$(servers mariadb DOWN | tr '\n' ' ')
writer=$(writer)
found "$up${down:+, not: $down}${writer:+, written to: $writer}"
