#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A failover is tested on a whole cluster only.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

whole || die "the cluster is not whole"
missing=$(lacking)
[ -z "$missing" ] || die "quorum queues lack a leader or a member: $(printf '%s\n' "$missing" | head -n 3)"
found "$(peer_count) hosts run, every quorum queue has all its members"
