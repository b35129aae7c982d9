#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A queue whose type nobody says is a quorum queue with a member on every host,
# and what one host confirms another hands out.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

name=keybuzz.check.$KEYBUZZ_HOST
trap 'inside probe delete "$name" >/dev/null' EXIT
reply=$(inside probe queue "$name" 2>&1) || die "$reply"
line=$(inside queues | awk -F '\t' -v name="$name" '$2 == name { print $4 }')
hosts=$(peer_names | sort | paste -sd ,)
[ "$line" = "$hosts" ] || die "a new queue has members on '$line', not on $hosts"
found "$reply; members on $hosts"
