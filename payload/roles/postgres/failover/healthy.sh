#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A failover is tested on a whole cluster only.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

whole || die "the cluster is not whole"
found "$(peer_name "$(leader_of "$(members)")") leads, $(($(peer_count) - 1)) members follow"
