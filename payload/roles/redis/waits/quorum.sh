#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# All hosts of the role are there: the Sentinels agree on one master, every
# other host follows it, and a failover could be decided.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

# The hosts that are not there are what an operator has to know first.
missing=
for address in $(other_addresses); do
	case $(ask sentinel "$address" PING) in
	PONG) ;;
	*WRONGPASS* | *NOAUTH*)
		die "$(peer_name "$address") has another REDIS_SENTINEL_PASSWORD: give all hosts the same redis.env"
		;;
	*) missing="$missing $(peer_name "$address") ($address)" ;;
	esac
done
[ -z "$missing" ] || not_yet "no Sentinel answers at:$missing"
whole || exit 75
