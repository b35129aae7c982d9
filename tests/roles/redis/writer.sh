#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A client that writes a number every 100 ms and says for how long it could
# not. Runs inside the container redis-sentinel of a Redis host:
#
#	fleet ssh FLEET HOST docker exec -i redis-sentinel \
#		sh -s -- ADDRESS SECONDS <tests/roles/redis/writer.sh
#
# ADDRESS is a node, a load balancer or a virtual address; "sentinel" asks the
# Sentinels for the master, as a client that knows them does. It ends sooner when
# there is /tmp/writers-stop. A number counts when one replica has it, too. One
# line for each gap of a second or more: "gap FROM MS" (FROM in milliseconds since
# the beginning), then "written N lost N longest MS". Status 1 if a written number
# is lost.
set -eu
# shellcheck source=../../../payload/roles/redis/inside/common.sh
. /opt/keybuzz/redis/inside/common.sh

now() {
	date +%s%3N
}

where() {
	local address master

	if [ "$target" != sentinel ]; then
		printf '%s\n' "$target"
		return 0
	fi
	for address in $(peer_addresses); do
		master=$(ask sentinel "$address" SENTINEL GET-MASTER-ADDR-BY-NAME "$MASTER_NAME" </dev/null | head -n 1)
		if peer_addresses | grep -qxF -e "$master"; then
			printf '%s\n' "$master"
			return 0
		fi
	done
	return 1
}

write_number() {
	local address answer

	address=$(where) || return 1
	answer=$(printf 'SADD %s %s\nWAIT 1 1000\n' "$key" "$1" | ask redis "$address" | tr '\n' ' ')
	case $answer in
	"1 "[1-9]*) return 0 ;;
	esac
	return 1
}

lost() {
	local address
	address=$(where) || return 0

	ask redis "$address" SMEMBERS "$key" </dev/null | sort >"$work.there"
	ask redis "$address" DEL "$key" </dev/null >/dev/null
	cut -d ' ' -f 2 "$work.written" | sort | comm -23 - "$work.there" | wc -l
}

main() {
	local begin end n

	load_settings
	begin=$(now)
	end=$((begin + seconds * 1000))
	n=0
	: >"$work.written"
	while [ ! -e /tmp/writers-stop ] && [ "$(now)" -lt "$end" ]; do
		n=$((n + 1))
		if write_number "$n"; then
			printf '%s %s\n' "$(now)" "$n" >>"$work.written"
		fi
		sleep 0.1
	done
	awk -v begin="$begin" -v lost="$(lost)" '
		NR > 1 && $1 - last >= 1000 { print "gap", last - begin, $1 - last }
		NR > 1 && $1 - last > longest { longest = $1 - last }
		{ last = $1 }
		END {
			print "written", NR, "lost", lost, "longest", longest + 0
			exit lost != 0
		}' "$work.written"
}

target=$1 seconds=$2
key=keybuzz:test-writer:$$
work=/tmp/test-writer.$$
trap 'rm -f "$work".*' EXIT
main
