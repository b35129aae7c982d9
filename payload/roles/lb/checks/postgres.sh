#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Clients of this host get the one PostgreSQL primary, and for reading its
# replicas.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

primary=$(servers postgres UP)
case $(printf '%s' "$primary" | grep -c .) in
1) ;;
0)
	if ! seen postgres; then
		found "PostgreSQL was never here: not installed yet"
		exit 0
	fi
	die "no host says it is the PostgreSQL primary"
	;;
*) die "more than one host says it is the primary: $(printf '%s' "$primary" | tr '\n' ' ')" ;;
esac
replicas=$(servers postgres-replicas UP | tr '\n' ' ')
[ -n "$replicas" ] || die "no PostgreSQL replica for those who read"
note_seen postgres
found "$primary writes; for reading $replicas"
