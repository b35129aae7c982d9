#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The node knows what it has to do: it runs, or is on its way. Until all hosts
# of a new site are there, or enough of an old one, it waits for them.
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
"wait: "*) not_yet "${decision#wait: }" ;;
'') not_yet "reading what the data of this host hold" ;;
esac
