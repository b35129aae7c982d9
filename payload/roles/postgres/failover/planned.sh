#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A planned change of the leader, as before maintenance, while a client writes:
# to this host, or away from it if it leads. Nothing that was acknowledged may
# be lost.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"
# shellcheck source=writer.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/failover/writer.sh"

# Milliseconds without a write that are allowed.
LIMIT=15000

main() {
	local after before start

	before=$(leader_of "$(members)")
	writer_begin 120
	start=$(date +%s%3N)
	if [ "$before" = "$KEYBUZZ_ADDRESS" ]; then
		after=$(act inside change-leader </dev/null)
	else
		after=$(act inside change-leader "$KEYBUZZ_HOST" </dev/null)
	fi
	poll 30 writer_since "$(date +%s%3N)" || die "no write for 30 s"
	poll 60 whole || die "the cluster is not whole after 60 s"
	writer_end "$LIMIT" 0
	say "$(peer_name "$before") led, $(peer_name "$after") leads; $(($(date +%s%3N) - start)) ms to whole"
}

main
