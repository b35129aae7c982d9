#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The last check gives the turn back. Where something is pending there are no
# checks, and another host may be waiting for it.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

if ! running || whole; then
	exit 0
fi
inside turn give
