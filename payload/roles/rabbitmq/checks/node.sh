#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# What RabbitMQ itself looks at: it runs, no alarm, its vhosts are up; and it greets
# clients.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

# By the management interface: RabbitMQ's own tools ask the same, and take seconds
# of processor time each.
for name in local-alarms virtual-hosts; do
	reply=$(inside probe health "$name" 2>&1) || die "$reply"
done
for address in "$KEYBUZZ_ADDRESS" 127.0.0.1; do
	reply=$(inside greets "$address" 2>&1) || die "$reply"
done
found "no alarm, greets clients, vhosts are up"
