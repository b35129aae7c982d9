#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Every host answers PING, with the password.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

for address in $(peer_addresses); do
	reply=$(ask redis "$address" PING)
	[ "$reply" = PONG ] || die "$(peer_name "$address"): Redis says '$reply' to PING"
	reply=$(ask sentinel "$address" PING)
	[ "$reply" = PONG ] || die "$(peer_name "$address"): Sentinel says '$reply' to PING"
done
found "Redis and Sentinel answer on $(peer_count) hosts"
