#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Redis of this host is killed while a client writes. If it was the master,
# another takes over; either way it comes back as a replica, by itself.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"
# shellcheck source=writer.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/failover/writer.sh"

# Milliseconds without a write that are allowed.
LIMIT=15000

back_as_replica() {
	case $(role_of "$KEYBUZZ_ADDRESS") in
	"slave "*" up 0") return 0 ;;
	esac
	return 1
}

another_is_master() {
	local master
	master=$(agreed_master)
	[ -n "$master" ] && [ "$master" != "$KEYBUZZ_ADDRESS" ]
}

main() {
	local before killed

	before=$(agreed_master)
	writer_begin 150
	killed=$(date +%s%3N)
	act "$DOCKER" kill --signal KILL redis >/dev/null
	if [ "$before" = "$KEYBUZZ_ADDRESS" ]; then
		poll 30 another_is_master || die "30 s after the master was killed the Sentinels name no other"
		say "master $(peer_name "$before") was killed, the new one is $(peer_name "$(agreed_master)")"
	else
		say "a replica was killed, the master is $(peer_name "$before")"
	fi
	poll 30 writer_since "$killed" || die "no write for 30 s after the kill"
	poll 90 back_as_replica || die "Redis of this host is not back as a replica after 90 s"
	writer_end "$LIMIT"
}

main
