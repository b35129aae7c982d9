#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# All hosts of the role run, as one cluster. A new one that still waits for others
# has said so in the step before.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

[ -z "$(waits_for)" ] || exit 0
running || not_yet "the broker starts"
# A greeting costs little; asking the cluster takes a tool some seconds.
missing=
for address in $(other_addresses); do
	inside greets "$address" 2>/dev/null || missing="$missing $(peer_name "$address") ($address)"
done
[ -z "$missing" ] || not_yet "no broker greets at:$missing"
whole || exit 75
