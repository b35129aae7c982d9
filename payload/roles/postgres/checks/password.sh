#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Nobody gets in without a password, or changes the cluster without one.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

refused=$(inside refused </dev/null) || die "$refused"
for address in $(peer_addresses); do
	status=$(inside api POST "$address" /reload nobody </dev/null | tail -n 1)
	[ "$status" = 401 ] || die "$(peer_name "$address"): POST /reload without a password: $status, not 401"
done
found "$refused; Patroni changes nothing without its password"
