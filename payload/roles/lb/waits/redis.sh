#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# HAProxy leads to the Redis master. Redis may be installed later: then this is
# pending, and nothing is wrong with this host.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

# Passwords that do not fit look like hosts that are not there, for HAProxy.
check_passwords() {
	local name address kind

	while read -r name address; do
		for kind in check sentinel; do
			case $(ask "$kind" "$address" PING) in
			*WRONGPASS* | *NOAUTH*)
				die "$name has another password for '$kind': give all hosts the same redis.env"
				;;
			esac
		done
	done <"$REDIS_LB_BASE/settings/nodes"
}

if [ -n "$(redis_routed)" ]; then
	note_seen redis
	exit 0
fi
check_passwords
not_yet "Redis has no master for clients yet: $(cut -d ' ' -f 3- "$REDIS_LB_BASE/status/STATE")"
