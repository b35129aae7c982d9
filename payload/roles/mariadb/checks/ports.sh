#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Every host listens for clients, for the other nodes and for load balancers that
# ask how it is; the group, as this node sees it, is the hosts at those addresses.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

for address in $(peer_addresses); do
	for port in 4567 "$(setting health-port)"; do
		inside port "$address" "$port" || die "$(peer_name "$address"): nothing listens on $port"
	done
	said=$(remote_sql monitor "$address" 'SELECT @@port') ||
		die "$(peer_name "$address"): nobody answers clients at $address"
done
# Not wsrep_incoming_addresses: a node whose data were still being copied when
# the next one came does not put that one into it.
members=$(local_sql 'SELECT node_incoming_address FROM mysql.wsrep_cluster_members' | sort | paste -sd ' ')
wanted=$(peer_addresses | sed "s/\$/:$said/" | sort | paste -sd ' ')
[ "$members" = "$wanted" ] || die "the members of the group are '$members', not '$wanted'"
found "$said, 4567 and $port answer on $(peer_count) hosts, which are the group"
