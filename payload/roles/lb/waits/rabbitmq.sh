#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# HAProxy leads to a RabbitMQ that greets. It may be installed later: then this is
# pending, and nothing is wrong with this host.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

await_servers rabbitmq "no RabbitMQ host greets"
