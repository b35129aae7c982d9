#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Exactly one master, and every other host is a replica of it with its link up.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

masters='' followed=''
for address in $(peer_addresses); do
	role=$(role_of "$address")
	case $role in
	master*) masters="$masters $address" ;;
	"slave "*" up 0")
		role=${role#slave }
		followed="$followed ${role%% *}"
		;;
	"slave "*) die "$(peer_name "$address"): replica without a link: $role" ;;
	*) die "$(peer_name "$address"): does not say its role" ;;
	esac
done
# shellcheck disable=SC2086
set -- $masters
[ $# -eq 1 ] || die "$# masters:$masters"
for address in $followed; do
	[ "$address" = "$1" ] || die "a replica follows $address, but the master is $1"
done
found "master $(peer_name "$1"), $(($(peer_count) - 1)) replicas with their links up"
