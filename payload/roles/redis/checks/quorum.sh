#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The Sentinels could decide a failover now, as each of them sees it.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

n=$(peer_count)
for address in $(peer_addresses); do
	reply=$(ask sentinel "$address" SENTINEL CKQUORUM "$REDIS_MASTER_NAME")
	case $reply in
	"OK $n usable Sentinels"*) ;;
	*) die "$(peer_name "$address"): $reply" ;;
	esac
done
found "$reply"
