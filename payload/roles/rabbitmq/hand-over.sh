#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Runs before an install that restarts RabbitMQ. One host at a time, and only
# while no queue needs this one: it first leads nothing and has no clients. Any
# other time there is nothing to do.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

# Seconds: for the other hosts, each with its restart and its checks; for the
# cluster to be whole then.
TURN=1500
WAIT=420

# Several hosts are often upgraded at once. A broker that drains takes its
# members of the queues down, so only one may, and only when all others are up.
# The turn is given back behind the checks, which must not meet the restart of
# another host: see checks/turn.sh.
take_turn() {
	inside turn take
}

go_down() {
	take_turn || return 1
	whole || return 1
	inside probe health node-is-quorum-critical >/dev/null || return 1
	act tool rabbitmq-upgrade --quiet drain
}

main() {
	if sha256sum --check --status "$RABBITMQ_BASE/state/started-with" 2>/dev/null; then
		return 0 # it runs with what is installed, and will not restart
	fi
	container_running rabbitmq || return 0
	# A broker that takes part in nothing has nothing to hand over.
	inside cluster >/dev/null 2>&1 || return 0
	poll "$TURN" take_turn ||
		die "RabbitMQ has to restart, but another host is at it, or none answers: run this again later"
	if ! poll "$WAIT" go_down; then
		inside turn give
		die "RabbitMQ has to restart, but the cluster is not whole without it:" \
			"first bring the other hosts back, then run this again"
	fi
	say "this host leads no queue and has no clients"
}

main
