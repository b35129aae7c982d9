#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Where the site has a virtual address, a load balancer has taken it.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

address=$(vip)
[ -n "$address" ] || exit 0
if unit_gives_up "$KEEPALIVED_UNIT"; then
	unit_last_words "$KEEPALIVED_UNIT" >&2
	die "$KEEPALIVED_UNIT does not stay up: journalctl -u $KEEPALIVED_UNIT"
fi
[ "$(probe "$address")" = 0 ] || not_yet "nobody answers at the virtual address $address"
