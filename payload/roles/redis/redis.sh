# shellcheck shell=dash
# What the scripts of this role share on the host. Redis and Sentinel are asked
# from inside a container, where the passwords can be read.

REDIS_BASE=/opt/keybuzz/redis
# shellcheck disable=SC2034
REDIS_UNIT=redis-docker.service SENTINEL_UNIT=redis-sentinel.service
REDIS_MASTER_NAME=$(awk '$1 == "master-name" { print $2 }' "$REDIS_BASE/settings/node" 2>/dev/null) ||
	REDIS_MASTER_NAME='' # nothing is installed, and purge does not mind

# inside NAME [WORD..]: one of the scripts in inside/, in whichever container
# of the two is there.
inside() {
	local container name
	name=$1
	shift

	for container in redis-sentinel redis; do
		if container_running "$container"; then
			"$DOCKER" exec "$container" "$REDIS_BASE/inside/$name" "$@" </dev/null
			return
		fi
	done
	say "neither redis-sentinel nor redis is running here"
	return 1
}

# ask KIND ADDRESS WORD..: as inside/common.sh describes it. Nothing answered is
# an empty answer.
ask() {
	inside ask "$@" || true # no answer is one
}

# info ADDRESS SECTION FIELD: one field of INFO.
info() {
	ask redis "$1" INFO "$2" | tr -d '\r' | awk -F: -v field="$3" '$1 == field { print $2 }'
}

# role_of ADDRESS: "master CONNECTED", "slave MASTER LINK SYNCING", or nothing.
role_of() {
	ask redis "$1" INFO replication | tr -d '\r' | awk -F: '
		{ value[$1] = $2 }
		END {
			if (value["role"] == "master")
				print "master", value["connected_slaves"]
			else if (value["role"] == "slave")
				print "slave", value["master_host"], value["master_link_status"],
					value["master_sync_in_progress"]
		}'
}

# Replicas that the master at ADDRESS holds to be online and close behind.
online_replicas() {
	ask redis "$1" INFO replication | tr -d '\r' |
		awk -F '[:,=]' '/^slave[0-9]+:/ && /state=online/ {
			for (i = 1; i < NF; i++)
				if ($i == "lag" && $(i + 1) <= 2)
					n++
		}
		END { print n + 0 }'
}

# What the Sentinel at ADDRESS holds to be the master.
sentinel_master() {
	ask sentinel "$1" SENTINEL GET-MASTER-ADDR-BY-NAME "$REDIS_MASTER_NAME" | head -n 1
}

# The address of the master if all Sentinels agree on it, else nothing.
agreed_master() {
	local address answer master

	master=
	for address in $(peer_addresses); do
		answer=$(sentinel_master "$address")
		case $answer in
		"${master:-$answer}") master=$answer ;;
		*) return 0 ;;
		esac
	done
	if peer_addresses | grep -qxF -e "$master"; then
		printf '%s\n' "$master"
	fi
}

# whole: true when there is one master, all Sentinels agree on it and could
# elect another, and every other host follows it closely. Else says what is
# missing, on stderr.
whole() {
	local master others quorum online
	others=$(($(peer_count) - 1))

	master=$(agreed_master)
	if [ -z "$master" ]; then
		say "the Sentinels do not all answer and agree on a master"
		return 1
	fi
	case $(role_of "$master") in
	master*) ;;
	*)
		say "$(peer_name "$master") is not a master, though the Sentinels say so"
		return 1
		;;
	esac
	online=$(online_replicas "$master")
	if [ "$online" -ne "$others" ]; then
		say "$(peer_name "$master") has $online replicas online of $others"
		return 1
	fi
	quorum=$(ask sentinel "$KEYBUZZ_ADDRESS" SENTINEL CKQUORUM "$REDIS_MASTER_NAME")
	case $quorum in
	"OK $((others + 1)) usable"*) ;;
	*)
		say "Sentinel: $quorum"
		return 1
		;;
	esac
}
