#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Patroni of this host answers.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

if unit_gives_up "$PATRONI_UNIT"; then
	unit_last_words "$PATRONI_UNIT" >&2
	die "$PATRONI_UNIT does not stay up: journalctl -u $PATRONI_UNIT"
fi
container_running patroni || not_yet "the container patroni is not running"
members | grep -qE "^$KEYBUZZ_ADDRESS [1-9]" || not_yet "Patroni does not answer"
