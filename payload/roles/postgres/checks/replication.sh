#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# As the leader sees it: every other host streams, each with its slot.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

all=$(members)
leader=$(leader_of "$all")
[ -n "$leader" ] || die "no member leads"
streams=$(sql admin postgres "SELECT host(client_addr), state, sync_state FROM pg_stat_replication
	WHERE application_name <> 'pg_basebackup';" "$leader")
for address in $(peer_addresses); do
	[ "$address" != "$leader" ] || continue
	printf '%s\n' "$streams" | grep -q "^$address|streaming|" ||
		die "$(peer_name "$leader") does not stream to $(peer_name "$address"): $streams"
done
idle=$(sql admin postgres "SELECT count(*) FROM pg_replication_slots WHERE NOT active;" "$leader")
[ "$idle" = 0 ] || die "$idle replication slots that nobody reads"
case $streams in
*'|sync'* | *'|quorum'*) how="at least one of them before a write is acknowledged" ;;
*) how="asynchronous: after a crash of the leader its last writes may be missing" ;;
esac
found "$(printf '%s\n' "$streams" | wc -l) replicas stream, $how"
