#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Runs before an install that restarts Redis. On the master of a whole cluster
# another host takes over first: clients then wait for an instant instead of
# the restart. Anywhere else there is nothing to do.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

main() {
	local new

	if sha256sum --check --status "$REDIS_BASE/conf/started-with" 2>/dev/null; then
		return 0 # Redis runs with what is installed, and will not restart
	fi
	container_running redis || return 0
	container_running redis-sentinel || return 0
	case $(role_of "$KEYBUZZ_ADDRESS") in
	master*) ;;
	*) return 0 ;;
	esac
	if ! poll 20 whole; then
		warn "no other host can take over: Redis restarts as master"
		return 0
	fi
	if ! new=$(act inside change-master); then
		warn "no other host has taken over: Redis restarts as master"
		return 0
	fi
	say "$(peer_name "$new") is master now"
	# Its replica has to be there before this host goes away for a moment.
	poll 60 whole || warn "not all replicas follow the new master after 60 s"
}

main
