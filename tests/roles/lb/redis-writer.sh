#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A client that keeps one connection to a load balancer and writes a number
# every 100 ms, as applications do, without waiting for replicas. Runs inside
# the container redis-sentinel of a Redis host:
#
#	fleet ssh FLEET HOST docker exec -i redis-sentinel \
#		sh -s -- ADDRESS SECONDS [PORT] <tests/roles/lb/redis-writer.sh
#
# It ends sooner when there is /tmp/writers-stop. A number counts when Redis has
# said so. One line for each gap of a second or more: "gap FROM MS" (FROM in
# milliseconds since the beginning), then "written N lost N longest MS". Lost
# numbers are no failure here: replication does not wait, so the caller says how
# many there may be.
set -eu
# shellcheck source=../../../payload/roles/redis/inside/common.sh
. /opt/keybuzz/redis/inside/common.sh

now() {
	date +%s%3N
}

# One command a line; the answer of each is its number, if it was written.
commands() {
	local n
	n=0

	while [ ! -e /tmp/writers-stop ] && [ "$(now)" -lt "$end" ]; do
		n=$((n + 1))
		printf 'EVAL "redis.call('\''SADD'\'', KEYS[1], ARGV[1]) return ARGV[1]" 1 %s %d\n' "$key" "$n"
		sleep 0.1
	done
}

# redis-cli connects again by itself when its connection is cut.
write_numbers() {
	local answer

	commands | REDISCLI_AUTH=$(cat "$SETTINGS/redis.password") stdbuf -oL \
		redis-cli -t 2 -h "$target" -p "$PORT" 2>&1 |
		while read -r answer; do
			case $answer in
			*[!0-9]* | '') ;;
			*) printf '%s %s\n' "$(now)" "$answer" >>"$work.written" ;;
			esac
		done
}

lost() {
	ask redis "$target" SMEMBERS "$key" </dev/null | sort >"$work.there"
	ask redis "$target" DEL "$key" </dev/null >/dev/null
	cut -d ' ' -f 2 "$work.written" | sort | comm -23 - "$work.there" | wc -l
}

main() {
	local begin

	load_settings
	begin=$(now)
	end=$((begin + seconds * 1000))
	: >"$work.written"
	write_numbers
	awk -v begin="$begin" -v lost="$(lost)" '
		NR > 1 && $1 - last >= 1000 { print "gap", last - begin, $1 - last }
		NR > 1 && $1 - last > longest { longest = $1 - last }
		{ last = $1 }
		END { print "written", NR, "lost", lost, "longest", longest + 0 }' "$work.written"
}

target=$1 seconds=$2
key=keybuzz:lb-writer:$$
work=/tmp/lb-writer.$$
trap 'rm -f "$work".*' EXIT
main
