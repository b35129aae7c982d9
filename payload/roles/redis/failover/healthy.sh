#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A failover is tested on a whole cluster only.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

whole || die "the cluster is not whole"
master=$(agreed_master)
found "master $(peer_name "$master"), $(online_replicas "$master") replicas online, the Sentinels agree"
