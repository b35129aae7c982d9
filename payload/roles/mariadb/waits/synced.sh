#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# This node has all data and serves. A node that still waits for others has
# been reported as pending before, and is not waited for here.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

if unit_gives_up "$MARIADB_UNIT"; then
	unit_last_words "$MARIADB_UNIT" 20 >&2
	die "$MARIADB_UNIT does not stay up: journalctl -u $MARIADB_UNIT"
fi
container_running mariadb || not_yet "the container mariadb is not running"
decision=$(decision)
case $decision in
"refuse: "*) die "${decision#refuse: }" ;;
"wait: "*) exit 0 ;;
esac
state=$(node_state local)
is_synced "$state" && exit 0
case $state in
'') not_yet "MariaDB starts, or copies the data of another node" ;;
*) not_yet "MariaDB is not synced: $state" ;;
esac
