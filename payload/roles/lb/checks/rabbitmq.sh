#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Clients of this host get a RabbitMQ that greets; one that is away is said.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

check_servers rabbitmq RabbitMQ "no RabbitMQ host greets"
found "$led"
