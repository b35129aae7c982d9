#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Every host is back in the cluster.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

whole || exit 75
