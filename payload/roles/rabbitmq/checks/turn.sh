#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The last check: from here on another host may restart, if it wants to. Not when a
# check has failed: an upgrade is then put back, which restarts this broker once
# more, and nobody goes on with a release that has just failed. The turn ends by
# itself then, or with the next checks that are all good.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

if [ "$KEYBUZZ_FAILED" -ne 0 ]; then
	found "a check before has failed: no other host restarts now"
	exit 0
fi
inside turn give
found "other hosts may restart"
