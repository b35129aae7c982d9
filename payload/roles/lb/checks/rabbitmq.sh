#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Clients of this host get a RabbitMQ that greets; one that is away is said.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

up=$(servers rabbitmq UP | tr '\n' ' ')
if [ -z "$up" ]; then
	seen rabbitmq || {
		found "RabbitMQ was never here: not installed yet"
		exit 0
	}
	die "no RabbitMQ host greets"
fi
note_seen rabbitmq
down=$(servers rabbitmq DOWN | tr '\n' ' ')
found "$up${down:+, not: $down}"
