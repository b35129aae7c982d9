#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Redis can write down its role: Sentinel asks for that with every failover.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

for address in $(peer_addresses); do
	reply=$(ask redis "$address" CONFIG REWRITE)
	[ "$reply" = OK ] || die "$(peer_name "$address"): CONFIG REWRITE says '$reply'"
done
found "CONFIG REWRITE is OK on $(peer_count) hosts"
