#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The last check: from here on another host may restart, if it wants to.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

inside turn give
found "other hosts may restart"
