#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The application gets its database with its password, and nothing else; nobody
# is let in without one, and root only on the host itself.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

database=$(setting database)
refused() {
	local wanted said
	wanted=$1
	shift

	said=$("$@" 2>&1) && die "$wanted was expected, but it said '$said'"
	case $said in
	*"$wanted"*) ;;
	*) die "$wanted was expected, but it said '$said'" ;;
	esac
}

for address in $(peer_addresses); do
	said=$(remote_sql app "$address" 'SELECT DATABASE()')
	[ "$said" = "$database" ] || die "$(peer_name "$address"): the application is in '$said', not in $database"
	refused 'Access denied' remote_sql app-wrong "$address" 'SELECT 1'
	refused 'denied' remote_sql app "$address" 'CREATE TABLE mysql.keybuzz (a INT)'
	refused 'Access denied' remote_sql root "$address" 'SELECT 1'
done
said=$(local_sql "SELECT CONCAT(user, '@', host) FROM mysql.global_priv
	WHERE user = '' OR (user IN ('root', 'mysql') AND host != 'localhost')")
[ -z "$said" ] || die "accounts that should not be: $said"
said=$(local_sql "SHOW DATABASES LIKE 'test'")
[ -z "$said" ] || die "there is a database 'test'"
said=$(remote_sql root local 'SELECT 1')
[ "$said" = 1 ] || die "MARIADB_ROOT_PASSWORD of mariadb.env is not the one of root"
found "$(setting app-user) has $database and nothing else, root only its own host"
