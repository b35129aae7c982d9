#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The databases of the site and their owners, on whichever member leads. Without
# one there is nothing to do yet: the host that completes the cluster does it.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

if [ -z "$(leader_of "$(members)")" ]; then
	say "no member leads yet"
	exit 0
fi
inside make-databases </dev/null >&2
