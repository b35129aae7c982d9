#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# All Sentinels name the same master, and that host is one.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

master=$(agreed_master)
if [ -z "$master" ]; then
	for address in $(peer_addresses); do
		say "$(peer_name "$address"): master is '$(sentinel_master "$address")'"
	done
	die "the Sentinels do not agree"
fi
case $(role_of "$master") in
master*) ;;
*) die "the Sentinels name $(peer_name "$master"), which is not a master" ;;
esac
found "$(peer_count) Sentinels name $(peer_name "$master") ($master)"
