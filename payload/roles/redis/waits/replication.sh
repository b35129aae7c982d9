#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# This host is the master, or a replica whose link is up and whose data is
# complete.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

role=$(role_of "$KEYBUZZ_ADDRESS")
case $role in
master*) ;;
"slave "*" up 0") ;;
"slave "*" 1") not_yet "copying the data of the master" ;;
"slave "*)
	master=${role#slave }
	master=${master%% *}
	reply=$(ask redis "$master" PING)
	case $reply in
	PONG) not_yet "the link to the master $(peer_name "$master") is not up yet" ;;
	*WRONGPASS* | *NOAUTH*)
		die "$(peer_name "$master") has another REDIS_PASSWORD: give all hosts the same redis.env"
		;;
	*) not_yet "the master $(peer_name "$master") ($master) does not answer" ;;
	esac
	;;
*) not_yet "Redis of this host does not say its role" ;;
esac
