#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# After a boot the node finds its place by itself: the unit starts, and nothing
# that is written down tells a node to begin a new cluster.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

systemctl is-enabled --quiet "$MARIADB_UNIT" || die "$MARIADB_UNIT is not enabled"
systemctl is-active --quiet "$MARIADB_UNIT" || die "$MARIADB_UNIT is not active"
! systemctl cat "$MARIADB_UNIT" | grep -qF wsrep-new-cluster || die "$MARIADB_UNIT begins a new cluster"
! grep -qE '^ *(wsrep.new.cluster|wsrep_cluster_address *= *"?gcomm:// *"?$)' "$MARIADB_BASE/settings/my.cnf" ||
	die "settings/my.cnf begins a new cluster"
remembered=$(cat "$MARIADB_BASE/conf/cluster" 2>/dev/null) || remembered=
running=$(status wsrep_cluster_state_uuid)
[ "$remembered" = "$running" ] || die "conf/cluster says '$remembered', but the cluster is $running"
found "$MARIADB_UNIT is enabled, and no setting begins a cluster"
