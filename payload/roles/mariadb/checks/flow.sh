#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Nodes keep up with each other: none holds the others back for long.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

paused() {
	status wsrep_flow_control_paused_ns
}

before=$(paused)
start=$(date +%s%N)
queue=$(status wsrep_local_recv_queue)
[ "$queue" -lt 1000 ] || die "$queue transactions of other nodes wait to be applied here"
sleep 1 # the time over which the pauses are measured
spent=$(($(date +%s%N) - start))
share=$((($(paused) - before) * 100 / spent))
[ "$share" -lt 5 ] || die "the cluster was held back for $share % of the last second"
found "held back for $share % of the last second, $queue waiting to be applied"
