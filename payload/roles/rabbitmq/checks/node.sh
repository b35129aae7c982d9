#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# What RabbitMQ itself looks at: it runs, no alarm, its ports take connections,
# its vhosts are up.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

for word in check_local_alarms check_port_connectivity check_virtual_hosts; do
	reply=$(tool rabbitmq-diagnostics --quiet "$word" 2>&1) || die "$word: $reply"
done
found "no alarm, ports take connections, vhosts are up"
