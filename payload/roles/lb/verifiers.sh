#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# What PgBouncer knows of its users, before it uses it: verifiers, as PostgreSQL
# has them. Anything else lets nobody in, and a password has no place here.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

# The last line is the user for statistics, who has a password.
wrong=$(sed '$d' "$PGBOUNCER_BASE/config/userlist.txt" |
	grep -vE '^"[^"]+" "SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+"$' |
	cut -d '"' -f 2 | tr '\n' ' ')
[ -z "$wrong" ] ||
	die "postgres.env: no SCRAM-SHA-256 verifier for: $wrong; see docs/operations.md, Credentials"
