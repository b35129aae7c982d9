#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The members could elect a leader now, as each of them sees it.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

status=$(mktemp)
trap 'rm -f "$status"' EXIT
leader=
# shellcheck disable=SC2046
inside raft-status $(peer_addresses) </dev/null >"$status"
while read -r address quorum sees partners; do
	[ "$quorum" = yes ] || die "$(peer_name "$address"): quorum: $quorum"
	[ "$partners" -eq $(($(peer_count) - 1)) ] || die "$(peer_name "$address"): $partners partners"
	[ "$sees" = "${leader:=$sees}" ] || die "$(peer_name "$address"): RAFT is led by $sees, not $leader"
done <"$status"
found "quorum on $(peer_count) members, RAFT is led by ${leader%:*}"
