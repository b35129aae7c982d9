#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Redis of this host answers, to its password.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

if unit_gives_up "$REDIS_UNIT"; then
	unit_last_words "$REDIS_UNIT" >&2
	die "$REDIS_UNIT does not stay up: journalctl -u $REDIS_UNIT"
fi
container_running redis || not_yet "the container redis is not running"
reply=$(ask redis "$KEYBUZZ_ADDRESS" PING)
case $reply in
PONG) ;;
LOADING*) not_yet "Redis is loading its data, $(info "$KEYBUZZ_ADDRESS" persistence loading_eta_seconds) s to go" ;;
*WRONGPASS* | *NOAUTH*) die "Redis runs with another password than redis.env has: $reply" ;;
*) not_yet "Redis does not answer: $reply" ;;
esac
