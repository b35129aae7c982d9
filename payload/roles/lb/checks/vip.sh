#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Where the site has a virtual address, one load balancer has it and serves.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

address=$(vip)
if [ -z "$address" ]; then
	found "this site has none"
	exit 0
fi
[ "$(probe "$address")" = 0 ] || die "HAProxy does not answer at $address"
if has_vip; then
	found "$address is here"
else
	found "$address is at another load balancer"
fi
