#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Every quorum queue has a leader and a member online on every host, so this host
# could go away.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

# Seconds. A queue that a client makes or deletes right now is not complete.
PATIENCE=30

all_online() {
	missing=$(lacking) && [ -z "$missing" ]
}

dispensable() {
	reply=$(inside probe health node-is-quorum-critical 2>&1)
}

poll "$PATIENCE" all_online || die "a leader or a member is missing: $(printf '%s\n' "$missing" | head -n 3)"
poll "$PATIENCE" dispensable || die "$reply"
found "$(inside queues | wc -l) quorum queues, all members online"
