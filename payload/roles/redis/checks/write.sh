#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A write reaches every replica, and a replica takes none itself.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

master=$(agreed_master)
[ -n "$master" ] || die "the Sentinels do not agree on a master"
key=keybuzz:check:$KEYBUZZ_HOST:$$
replicas=$(($(peer_count) - 1))

reply=$(inside put "$master" "$key" there "$replicas" | tr '\n' ' ')
[ "$reply" = "OK $replicas " ] || die "$(peer_name "$master"): SET and WAIT say '$reply', not 'OK $replicas'"
for address in $(peer_addresses); do
	reply=$(ask redis "$address" GET "$key")
	[ "$reply" = there ] || die "$(peer_name "$address"): the written key reads '$reply'"
	[ "$address" != "$master" ] || continue
	reply=$(ask redis "$address" SET "$key" here)
	case $reply in
	READONLY*) ;;
	*) die "$(peer_name "$address"): a replica said '$reply' to SET" ;;
	esac
done
reply=$(ask redis "$master" DEL "$key")
[ "$reply" = 1 ] || die "$(peer_name "$master"): DEL said '$reply'"
found "a write on $(peer_name "$master") is on $replicas replicas, which are read-only"
