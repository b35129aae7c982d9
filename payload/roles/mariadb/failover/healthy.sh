#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A failover is tested on a whole cluster only.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

whole || die "the cluster is not whole"
found "$(peer_count) nodes are synced"
