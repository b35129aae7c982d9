#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Runs before an install that restarts RabbitMQ. One host at a time, and only
# while no queue needs this one: it first leads nothing and has no clients. Any
# other time there is nothing to do.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

# Seconds that other hosts may take for the same.
WAIT=420

# Several hosts are often upgraded at once: a broker that drains takes its
# members of the queues down, so only one may, and only when all others are up.
go_down() {
	inside turn take || return 1
	if ! whole || ! tool rabbitmq-queues --quiet check_if_node_is_quorum_critical >/dev/null; then
		inside turn give || true # it ends by itself
		return 1
	fi
	act tool rabbitmq-upgrade --quiet drain
}

main() {
	if sha256sum --check --status "$RABBITMQ_BASE/state/started-with" 2>/dev/null; then
		return 0 # it runs with what is installed, and will not restart
	fi
	container_running rabbitmq || return 0
	# A broker that takes part in nothing has nothing to hand over.
	inside cluster >/dev/null 2>&1 || return 0
	poll "$WAIT" go_down ||
		die "RabbitMQ has to restart, but the cluster is not whole without it:" \
			"first bring the other hosts back, then run this again"
	say "this host leads no queue and has no clients"
}

main
