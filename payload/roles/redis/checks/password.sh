#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Nobody gets anything without the password, or with a wrong one.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

refused() {
	local kind address wanted reply
	kind=$1 address=$2 wanted=$3

	reply=$(ask "$kind" "$address" PING)
	case $reply in
	*"$wanted"*) ;;
	*) die "$(peer_name "$address"): '$reply' to PING of $kind, not $wanted" ;;
	esac
}

for address in $(peer_addresses); do
	refused redis-nobody "$address" NOAUTH
	refused redis-wrong "$address" WRONGPASS
	refused sentinel-nobody "$address" NOAUTH
	refused sentinel-wrong "$address" WRONGPASS
done
found "NOAUTH without a password, WRONGPASS with a wrong one, on $(peer_count) hosts"
