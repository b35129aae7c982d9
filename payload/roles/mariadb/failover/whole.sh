#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Every host is back in the cluster.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

whole || exit 75
