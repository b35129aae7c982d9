#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# HAProxy leads to a node of MariaDB that has all data. It may be installed later:
# then this is pending, and nothing is wrong with this host.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

await_servers mariadb "no MariaDB host has a quorum and all data"
