#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Everything of this role is up, now and after a boot.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

for unit in $LB_UNITS; do
	systemctl is-active --quiet "$unit" || die "$unit is $(systemctl is-active "$unit")"
	systemctl is-enabled --quiet "$unit" || die "$unit does not start at boot"
done
for container in $LB_CONTAINERS; do
	container_running "$container" || die "the container $container is not running"
done
found "$LB_CONTAINERS run"
