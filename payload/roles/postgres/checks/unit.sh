#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The service is up, and its container runs the image of the release.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

systemctl --quiet is-active "$PATRONI_UNIT" || die "$PATRONI_UNIT is $(systemctl is-active "$PATRONI_UNIT")"
image=$("$DOCKER" container inspect --format '{{.Image}}' patroni) || die "no container patroni"
[ "$image" = "$(image_id postgres)" ] || die "patroni runs $image, not $(image_id postgres)"
restarts=$(systemctl show --property NRestarts --value "$PATRONI_UNIT")
found "$PATRONI_UNIT is active, restarted $restarts times by itself"
