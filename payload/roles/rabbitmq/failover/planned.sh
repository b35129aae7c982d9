#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# This host leaves as for maintenance and comes back, while a client writes.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"
# shellcheck source=writer.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/failover/writer.sh"

# Milliseconds without a confirm that are allowed.
LIMIT=10000

main() {
	local stopped

	writer_begin
	act tool rabbitmq-upgrade --quiet drain >&2
	act systemctl stop "$RABBITMQ_UNIT"
	stopped=$(date +%s%3N)
	poll 60 writer_since "$stopped" || die "nothing confirmed for 60 s after the stop"
	act systemctl start "$RABBITMQ_UNIT"
	poll 120 running || die "the broker of this host is not back after 120 s"
	poll 60 whole || die "the cluster is not whole 60 s after that"
	writer_end "$LIMIT"
}

main
