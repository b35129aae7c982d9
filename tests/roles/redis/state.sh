#!/bin/sh
# shellcheck shell=dash
# On a Redis host: what it is, as one line of words for a test to compare:
#
#	ADDRESS ROLE MASTER-OF-SENTINEL EPOCH REASON
#
# ROLE is master, slave or -; REASON is what the start script decided last.
#
#	fleet ssh FLEET HOST sh -s <tests/roles/redis/state.sh
set -eu

inside=/opt/keybuzz/redis/inside
settings=/opt/keybuzz/redis/settings
address=$(awk '$1 == "address" { print $2 }' "$settings/node")
name=$(awk '$1 == "master-name" { print $2 }' "$settings/node")

ask() {
	docker exec redis-sentinel "$inside/ask" "$@" </dev/null 2>/dev/null || true # no answer is one
}

role=$(ask redis "$address" ROLE | sed -n 1p)
case $role in
master | slave) ;;
*) role=- ;;
esac
master=$(ask sentinel "$address" SENTINEL GET-MASTER-ADDR-BY-NAME "$name" | sed -n 1p)
epoch=$(awk -v name="$name" '$2 == "config-epoch" && $3 == name { epoch = $4 }
	END { print epoch + 0 }' /opt/keybuzz/redis/conf/sentinel.conf)
reason=$(journalctl -u redis-docker.service -o cat | grep '^master ' | tail -n 1)
printf '%s %s %s %s %s\n' "$address" "$role" "${master:--}" "$epoch" "${reason#*: }"
