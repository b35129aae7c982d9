#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# What mariadb.env says, before anything uses it: in characters that need no
# quoting in any file, no two secrets the same, and those that the data have.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

settings=$MARIADB_BASE/settings

# The value that settings/FILE holds.
value_of() {
	sed -n 's/^password = //p' "$settings/$1"
}

check_characters() {
	local file name

	for file in root.cnf app.cnf monitor.cnf; do
		value_of "$file" | grep -qxE '[A-Za-z0-9._~-]+' ||
			die "mariadb.env: the password for ${file%.cnf} holds a character other than A-Z a-z 0-9 . _ ~ -"
	done
	grep -qxE '[A-Za-z0-9._~-]+' "$settings/peer.key" ||
		die "mariadb.env: GALERA_PEER_KEY holds a character other than A-Z a-z 0-9 . _ ~ -"
	for name in cluster database app-user monitor-user; do
		setting "$name" | grep -qxE '[A-Za-z][A-Za-z0-9_-]{0,31}' ||
			die "mariadb.env: '$(setting "$name")' cannot be the $name: a letter, then letters, digits, _ or -, at most 32"
	done
	for name in app-user monitor-user; do
		case $(setting "$name") in
		root | mysql | mariadb.sys) die "mariadb.env: $(setting "$name") is a user of the server itself" ;;
		esac
	done
}

check_difference() {
	local n

	n=$({
		value_of root.cnf
		value_of app.cnf
		value_of monitor.cnf
		cat "$settings/peer.key"
	} | sort -u | grep -c .) || true # none of them
	[ "$n" -eq 4 ] || die "mariadb.env: two of its secrets are the same; whoever has one would have both"
	[ "$(setting app-user)" != "$(setting monitor-user)" ] ||
		die "mariadb.env: MARIADB_APP_USER and PROXYSQL_MONITOR_USER are the same"
}

# A password in a file does not change the one in the data. A node that runs
# knows which is right.
check_accounts() {
	local kind said

	container_running mariadb || return 0
	is_synced "$(node_state local)" || return 0
	for kind in root app monitor; do
		said=$(remote_sql "$kind" local 'SELECT 1' 2>&1) || true # what it said tells
		case $said in
		*'ERROR 1045'* | *'ERROR 1044'* | *'ERROR 1049'*)
			die "mariadb.env: the database refuses what it says for $kind: ${said##*ERROR }." \
				"Restore mariadb.env; or change it in the running database first."
			;;
		esac
	done
}

# A node with another name is not let in by the others.
check_name() {
	local running

	container_running mariadb || return 0
	running=$(local_sql 'SELECT @@wsrep_cluster_name' 2>/dev/null) || return 0
	[ "$running" = "$(setting cluster)" ] ||
		die "mariadb.env: GALERA_CLUSTER_NAME is $(setting cluster), but the cluster is $running"
}

check_characters
check_difference
check_accounts
check_name
