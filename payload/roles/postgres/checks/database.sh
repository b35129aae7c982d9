#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The database of the application belongs to it, and to nobody else.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

database=$(app_database)
user=$(awk '$1 == "user" { print $2 }' "$PATRONI_BASE/config/secrets")

owner=$(sql app "$database" 'SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database();')
[ "$owner" = "$user" ] || die "$database belongs to '$owner', not $user"
others=$(sql app "$database" "SELECT count(*) FROM pg_roles
	WHERE has_database_privilege(rolname, current_database(), 'CONNECT')
	AND NOT rolsuper AND rolname <> current_user;")
[ "$others" = 0 ] || die "$others other roles may connect to $database"
power=$(sql app "$database" 'SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication
	FROM pg_roles WHERE rolname = current_user;')
[ "$power" = f ] || die "$user may more than use its database"
found "$database belongs to $user, who logs in with its password and may no more"
