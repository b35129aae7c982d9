#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# What the server runs with is what the installer wrote, to the last option.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

# wanted NAME: as written for this host.
wanted() {
	sed -n "s/^$1 = //p" "$MARIADB_BASE/settings/my.cnf"
}

# "NAME VALUE" lines of this server.
running() {
	local_sql "SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES
		WHERE VARIABLE_NAME IN ('character_set_server', 'collation_server', 'binlog_format',
			'innodb_autoinc_lock_mode', 'innodb_flush_log_at_trx_commit', 'max_connections',
			'bind_address', 'wsrep_sst_method')" | tr '\t' ' '
}

variables=$(running)
for line in 'character_set_server utf8mb4' 'collation_server utf8mb4_unicode_ci' 'binlog_format ROW' \
	'innodb_autoinc_lock_mode 2' "bind_address $KEYBUZZ_ADDRESS" 'wsrep_sst_method mariabackup' \
	"innodb_flush_log_at_trx_commit $(wanted innodb_flush_log_at_trx_commit)" \
	"max_connections $(wanted max_connections)"; do
	printf '%s\n' "$variables" | grep -qxF -e "$line" ||
		die "not '$line' but '$(printf '%s\n' "$variables" | grep -e "^${line%% *} ")'"
done
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
options=$(local_sql 'SELECT @@wsrep_provider_options' | tr ';' '\n' | sed 's/^ *//; s/ *= */=/')
wanted wsrep_provider_options | tr -d '"' | tr ';' '\n' >"$scratch"
while read -r line; do
	printf '%s\n' "$options" | grep -qixF -e "$line" ||
		die "wsrep_provider_options: not '$line' but '$(printf '%s\n' "$options" | grep -e "^${line%%=*}=")'"
done <"$scratch"
found "$(grep -c . "$scratch") provider options and the settings of the server are as written"
