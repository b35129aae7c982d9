#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The broker of this host, which leads a queue, is killed while a client writes to
# it: another host leads on, nothing confirmed is lost, and it comes back.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"
# shellcheck source=writer.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/failover/writer.sh"

# Milliseconds without a confirm that are allowed.
LIMIT=15000

main() {
	local killed

	writer_begin
	killed=$(date +%s%3N)
	act "$DOCKER" kill --signal KILL rabbitmq >/dev/null
	poll 60 writer_since "$((killed + 1000))" || die "nothing confirmed for 60 s after the kill"
	poll 120 running || die "the broker of this host is not back after 120 s"
	poll 60 whole || die "the cluster is not whole 60 s after that"
	writer_end "$LIMIT"
}

main
