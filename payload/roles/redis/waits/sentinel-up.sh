#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Sentinel of this host answers at its own address, where protected mode would
# refuse it without a password.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

if unit_gives_up "$SENTINEL_UNIT"; then
	unit_last_words "$SENTINEL_UNIT" >&2
	die "$SENTINEL_UNIT does not stay up: journalctl -u $SENTINEL_UNIT"
fi
container_running redis-sentinel || not_yet "the container redis-sentinel is not running"
reply=$(ask sentinel "$KEYBUZZ_ADDRESS" PING)
case $reply in
PONG) ;;
*WRONGPASS* | *NOAUTH*) die "Sentinel runs with another password than redis.env has: $reply" ;;
*) not_yet "Sentinel does not answer: $reply" ;;
esac
