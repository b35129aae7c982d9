#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Sentinel of this host has written down who is there, so it can restart.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

others=$(($(peer_count) - 1))
for kind in known-replica known-sentinel; do
	n=$(grep -cE "^sentinel $kind $REDIS_MASTER_NAME " "$REDIS_BASE/conf/sentinel.conf") || true # 0 of them
	[ "$n" -eq "$others" ] || die "sentinel.conf: $n lines of $kind, not $others"
done
found "sentinel.conf knows $others replicas and $others Sentinels"
