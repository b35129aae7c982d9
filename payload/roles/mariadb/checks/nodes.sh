#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Every host serves, in one cluster, and sees all the others.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

# A node that does not run knows why.
decision=$(decision)
case $decision in
"wait: "* | "refuse: "*) die "MariaDB does not run: $decision" ;;
esac
whole || die "the cluster is not whole"
uuid=$(node_state local)
uuid=${uuid#* }
name=$(setting cluster)
for address in $(peer_addresses); do
	said=$(remote_sql monitor "$address" 'SELECT @@wsrep_cluster_name')
	[ "$said" = "$name" ] || die "$(peer_name "$address") is part of '$said', not of $name"
done
found "$(peer_count) nodes are synced in $name, ${uuid%% *}"
