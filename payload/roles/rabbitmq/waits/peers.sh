#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A host that is new waits until it can join a cluster or most are there to begin
# one; any other does not.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

words=$(waits_for)
case $words in
*RABBITMQ_ERLANG_COOKIE*) die "give all hosts the same rabbitmq.env: $words" ;;
?*) not_yet "$words" ;;
esac
