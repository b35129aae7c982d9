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

check_servers mariadb MariaDB "no MariaDB host has a quorum and all data"
writer=$(writer)
found "$led${writer:+, written to: $writer}"
