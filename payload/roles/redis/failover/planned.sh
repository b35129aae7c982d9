#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A planned change of the master, as before maintenance, while a client writes.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"
# shellcheck source=writer.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/failover/writer.sh"

# Milliseconds without a write that are allowed.
LIMIT=5000

main() {
	local before after start

	before=$(agreed_master)
	writer_begin 90
	start=$(date +%s%3N)
	after=$(act inside change-master)
	poll 30 writer_since "$start" || die "no write for 30 s"
	poll 60 whole || die "the cluster is not whole after 60 s"
	writer_end "$LIMIT"
	[ "$(agreed_master)" = "$after" ] || die "the Sentinels do not name $(peer_name "$after")"
	say "master was $(peer_name "$before"), is $(peer_name "$after")"
}

main
