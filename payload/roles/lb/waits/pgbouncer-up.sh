#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# PgBouncer of this host answers its console.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

if unit_gives_up "$PGBOUNCER_UNIT"; then
	unit_last_words "$PGBOUNCER_UNIT" >&2
	die "$PGBOUNCER_UNIT does not stay up: journalctl -u $PGBOUNCER_UNIT"
fi
container_running pgbouncer || not_yet "the container pgbouncer is not running"
pgbouncer 'SHOW VERSION' >/dev/null || not_yet "PgBouncer does not answer"
