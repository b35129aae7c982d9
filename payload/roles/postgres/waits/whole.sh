#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# All members are there: one leads, every other follows it, and the databases
# are made.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

whole || exit 75
[ "$(sql app "$(app_database)" 'SELECT 1;')" = 1 ] || not_yet "the database of the site is not there"
