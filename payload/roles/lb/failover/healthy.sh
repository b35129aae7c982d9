#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Services of a load balancer are stopped only if there is another one, and all
# of them work.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

[ "$(peer_count)" -gt 1 ] || die "there is no other load balancer to go on meanwhile"
whole || die "not everything works"
seen redis || seen postgres || die "there is nothing to lead clients to yet"
found "$(peer_count) load balancers serve"
