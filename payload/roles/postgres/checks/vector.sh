#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The extension vector is there and computes, on every member: a replica that
# lacks it would fail when it leads.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

for address in $(peer_addresses); do
	answer=$(sql app "$(app_database)" "SELECT '[1,2,3]'::vector <-> '[1,2,4]'::vector;" "$address") ||
		answer=nothing
	[ "$answer" = 1 ] || die "$(peer_name "$address"): the distance is $answer, not 1"
done
version=$(sql app "$(app_database)" "SELECT extversion FROM pg_extension WHERE extname = 'vector';")
found "vector $version computes on $(peer_count) members"
