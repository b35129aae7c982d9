#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The user for checks sees the role, and nothing else.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

for address in $(peer_addresses); do
	reply=$(ask check "$address" ROLE | head -n 1)
	case $reply in
	master | slave) ;;
	*) die "$(peer_name "$address"): ROLE says '$reply' to the user for checks" ;;
	esac
	for word in 'GET keybuzz' 'CONFIG GET maxmemory' DBSIZE; do
		# shellcheck disable=SC2086
		reply=$(ask check "$address" $word)
		case $reply in
		NOPERM*) ;;
		*) die "$(peer_name "$address"): '$reply' to ${word%% *} of the user for checks" ;;
		esac
	done
done
found "the user for checks may PING, INFO and ROLE only"
