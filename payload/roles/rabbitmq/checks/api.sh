#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The management interface answers the account for probes.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

for name in alarms node-is-quorum-critical port-listener/5672; do
	reply=$(inside probe health "$name" 2>&1) || die "$reply"
done
found "alarms, quorum and listener are ok"
