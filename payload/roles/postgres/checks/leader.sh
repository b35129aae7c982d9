#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Exactly one member leads; every other one says that it follows.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

all=$(members)
leader=$(leader_of "$all")
[ -n "$leader" ] || die "$(printf '%s\n' "$all" | grep -c '^[^ ]* 200 ') members lead, not one: $all"
followers=$(printf '%s\n' "$all" | awk '$2 == 503 && $3 == 200' | wc -l)
[ "$followers" -eq $(($(peer_count) - 1)) ] || die "$followers members follow: $all"
found "$(peer_name "$leader") ($leader) leads, $followers members follow"
