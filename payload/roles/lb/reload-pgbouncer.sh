#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# PgBouncer takes over its settings without losing a client, unless it has just
# been started with them.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

act "$DOCKER" exec pgbouncer "$PGBOUNCER_BASE/inside/reload" >&2 || die "PgBouncer does not reload"
