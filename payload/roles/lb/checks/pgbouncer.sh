#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# PgBouncer of this host lets the user for statistics in, nobody without a
# password, and goes through HAProxy of this host. Others log in with passwords
# that this host does not have.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

[ "$(pgbouncer_runs_with)" = "$(cat "$PGBOUNCER_BASE/run/started-with")" ] ||
	die "PgBouncer runs with older settings than those in $PGBOUNCER_BASE/config: systemctl reload $PGBOUNCER_UNIT"
databases=$(pgbouncer_login "$KEYBUZZ_ADDRESS") ||
	die "the user for statistics is not let in: $databases"
elsewhere=$(printf '%s\n' "$databases" | awk -F '|' '$1 != "pgbouncer" && $2 != "127.0.0.1" { print $1 }')
[ -z "$elsewhere" ] || die "not through HAProxy of this host: $elsewhere"
for user in postgres kb_admin pgbouncer; do
	! reply=$(pgbouncer_login "$KEYBUZZ_ADDRESS" "$user") || die "$user is let in without a password: $reply"
done
found "$(printf '%s\n' "$databases" | awk -F '|' '$1 != "pgbouncer" { printf "%s%s", n++ ? ", " : "", $1 }') for who has the password"
