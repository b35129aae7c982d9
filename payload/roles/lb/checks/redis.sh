#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Clients of this host get the Redis master that the Sentinels agree on, and
# nobody else; the watcher says the same.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

agreed=$(redis_agreed)
if [ -z "$agreed" ] && ! seen redis; then
	found "Redis was never here: not installed yet"
	exit 0
fi
[ -n "$agreed" ] || die "no $(redis_setting quorum) Sentinels agree on a master"
name=$(redis_name "$agreed")
routed=$(redis_routed)
[ "$routed" = "$name" ] || die "HAProxy leads to ${routed:-no host}, the Sentinels name $name"
watched=$(cat "$REDIS_LB_BASE/status/current_master")
[ "$watched" = "$agreed" ] || die "the watcher names $watched, the Sentinels $agreed"
role=$(ask check "$KEYBUZZ_ADDRESS" ROLE | head -n 1)
[ "$role" = master ] || die "who connects to $KEYBUZZ_ADDRESS is told '$role', not master"
note_seen redis
found "$name for clients, as $(servers "sentinels-for-$name" UP | wc -l) Sentinels say"
