#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A write on the leader is on every replica soon, and a replica takes none.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

all=$(members)
leader=$(leader_of "$all")
[ -n "$leader" ] || die "no member leads"
database=$(app_database)
table=keybuzz_check_$$

remove() {
	sql app "$database" "DROP TABLE IF EXISTS $table;" "$leader" >/dev/null 2>&1 || true # said already
}

is_there() {
	[ "$(sql app "$database" "SELECT what FROM $table;" "$1" 2>/dev/null)" = there ]
}

trap remove EXIT
sql app "$database" "CREATE TABLE $table (what text); INSERT INTO $table VALUES ('there');" "$leader" ||
	die "$(peer_name "$leader") takes no write of the application"
for address in $(peer_addresses); do
	poll 5 is_there "$address" || die "$(peer_name "$address"): the write is not there after 5 s"
	[ "$address" != "$leader" ] || continue
	if reply=$(sql app "$database" "INSERT INTO $table VALUES ('here');" "$address" 2>&1); then
		die "$(peer_name "$address"), a replica, took a write"
	fi
	case $reply in
	*read-only*) ;;
	*) die "$(peer_name "$address"): $reply" ;;
	esac
done
found "a write on $(peer_name "$leader") is on $(($(peer_count) - 1)) replicas, which are read-only"
